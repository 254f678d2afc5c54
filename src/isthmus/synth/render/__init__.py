"""From a scene to pixels: raster, samples, shadows, shading, picture."""
