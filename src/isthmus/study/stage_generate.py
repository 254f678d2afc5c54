def run(context):
    return {"schema": "isthmus.generate/1", "effects": [], "gap": []}
