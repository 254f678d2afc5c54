"""The street world: meshes, materials and everything that can stand in a scene."""
