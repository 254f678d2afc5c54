"""Roads: centre lines, cross-sections, junctions, and the ground they lie in, as meshes."""
