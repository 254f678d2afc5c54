"""Times Blender's Cycles on a scene's triangles; run by a Python that has `bpy`.

    PYTHON cycles_peer.py SCENE.npz WIDTH HEIGHT SAMPLES [PICTURE.png]

SCENE.npz: points (v, 3), normals (v, 3), faces (f, 3), colour (f, 3), roughness (f,), sun (3,)
towards the sun, sky (3,), light (3,), eye (3,), forward (3,), focal. Prints JSON: CPU-seconds of
building and of rendering (the second time, when all is warm), denoised by Open Image Denoise.
"""

import json
import sys
import time

import bpy
import mathutils
import numpy as np


def world_axes(values):
    """Ours (Y up, left-handed) as Blender's (Z up, right-handed)."""
    return np.ascontiguousarray(values[..., [0, 2, 1]])


def build(held, width, height, samples):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "FAST", "FAST"
    scene.cycles.max_bounces = 3
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    mesh = bpy.data.meshes.new("street")
    points, faces = world_axes(held["points"]), held["faces"][:, ::-1]
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    for name, kind, values in (
        ("tint", "FLOAT_COLOR", np.c_[held["colour"], np.ones(len(faces))]),
        ("rough", "FLOAT", held["roughness"]),
    ):
        attribute = mesh.attributes.new(name, kind, "FACE")
        field = "color" if kind == "FLOAT_COLOR" else "value"
        attribute.data.foreach_set(field, np.ascontiguousarray(values, np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.normals_split_custom_set_from_vertices(world_axes(held["normals"]).tolist())
    material = bpy.data.materials.new("all")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    for name, output, entry in (("tint", "Color", "Base Color"), ("rough", "Fac", "Roughness")):
        node = nodes.new("ShaderNodeAttribute")
        node.attribute_name = name
        links.new(node.outputs[output], shader.inputs[entry])
    mesh.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new("street", mesh))
    light(scene, held)
    camera(scene, held, width)


def light(scene, held):
    lux = float(held["light"].mean())
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy = lux
    body = bpy.data.objects.new("sun", lamp)
    towards = mathutils.Vector(world_axes(held["sun"]).tolist())
    body.rotation_euler = towards.to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(body)
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    back = scene.world.node_tree.nodes["Background"]
    back.inputs["Color"].default_value = (*(held["sky"] / held["sky"].max()).tolist(), 1.0)
    back.inputs["Strength"].default_value = float(held["sky"].max() / np.pi)
    scene.view_settings.exposure = float(np.log2(3.0 / max(lux, 1.0)))


def camera(scene, held, width):
    lens = bpy.data.cameras.new("eye")
    lens.sensor_width, lens.lens = 36.0, 36.0 * float(held["focal"]) / width
    lens.clip_end = 10_000
    eye = bpy.data.objects.new("eye", lens)
    eye.location = world_axes(held["eye"]).tolist()
    forward = mathutils.Vector(world_axes(held["forward"]).tolist())
    eye.rotation_euler = forward.to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(eye)
    scene.camera = eye


def main():
    path, width, height, samples = sys.argv[1], *map(int, sys.argv[2:5])
    with np.load(path, allow_pickle=False) as file:
        held = {name: file[name] for name in file.files}
    seconds = {}
    for turn in ("first", "second"):
        started = time.process_time()
        build(held, width, height, samples)
        seconds["build"] = time.process_time() - started
        if len(sys.argv) > 5:
            bpy.context.scene.render.filepath = sys.argv[5]
        started = time.process_time()
        bpy.ops.render.render(write_still=len(sys.argv) > 5 and turn == "second")
        seconds["render"] = time.process_time() - started
    print(json.dumps(seconds))


main()
