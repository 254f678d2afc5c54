"""Images into feature vectors: hand-made blocks, layers of networks, and their cache."""
