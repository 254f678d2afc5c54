"""Water in the air and on glass, for renderer and augmentation alike: laws, and how they look."""
