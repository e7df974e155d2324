"""Gnomon inside other people's tools: notebooks, for now.

Layer: above the features, below the faces. Nothing of these tools is imported before they ask for us.
"""
