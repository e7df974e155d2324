"""The pages: `gnomon ui`. Finds the pages of the features, checks who asks, and sends what they answer."""
