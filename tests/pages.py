"""What the page does in the browser, done here: open what is packed, and make changes to a figure."""

import base64
import gzip
import json


def patched(old, patch):
    """Return plain JSON with changes made to it; the old one is left as it is."""
    new = json.loads(json.dumps(old))
    for path, value in patch:
        if not path:
            new = value
            continue
        place = new
        for key in path[:-1]:
            place = place[key]
        if value is None and isinstance(place, dict):
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
    return new


def unpack(packed):
    """Return what `labkit.site._encode.pack` packed."""
    return json.loads(gzip.decompress(base64.b64decode(packed)))
