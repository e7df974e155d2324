"""Rich values: images, sounds, videos, tables, histograms, texts, point clouds and figures, as open formats."""
