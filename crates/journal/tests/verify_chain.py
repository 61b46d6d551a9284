"""Verifies the chain of a Fillwright journal from docs/journal-format.md alone. Usage: verify_chain.py FOLDER PARTITION"""
import hashlib, json, os, struct, sys

HEADER, MARK = 4096, 0xFFFFFFFF
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF

def fail(seq, name, offset, what):
    sys.exit(f"entry {seq} ({name}, offset {offset}): {what}")

def header(b, name, partition, index, seq, head, previous):
    magic, version, crc, idx, first, at, size, prev_head, prev_header, np, nb = struct.unpack_from("<8sIIQQqQ32s32sHH", b)
    own = sha(b"fillwright/segment/1", b[0:12], b[16:4064])
    if magic != b"FWSEGMT\n" or version != 1 or own != b[4064:4096] or crc32c(b[16:4096]) != crc:
        fail(seq + 1, name, 0, "header broken")
    if (idx, first, size) != (index, seq + 1, len(b)) or prev_head != head or prev_header != previous:
        fail(seq + 1, name, 0, "segment does not follow")
    if b[116:116 + np].decode() != partition or name != f"{first:020}.seg":
        fail(seq + 1, name, 0, "foreign segment")
    return own

def main(folder, partition):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".seg"))
    seq, head, previous, at_seq = 0, sha(b"fillwright/genesis/1", partition.encode()), bytes(32), {}
    for index, name in enumerate(names):
        b = open(os.path.join(folder, name), "rb").read()
        link = previous = header(b, name, partition, index, seq, head, previous)
        o = HEADER
        while o + 64 <= len(b) and struct.unpack_from("<Q", b, o + 8)[0]:
            length, crc, number, at, durable = struct.unpack_from("<IIQqQ", b, o)
            if length == MARK:
                if number != seq or b[o + 16:o + 48] != head or crc32c(b[o + 8:o + 48]) != crc:
                    fail(seq + 1, name, o, "mark broken")
                o += 48
                break
            end = o + 64 + (length + 7) // 8 * 8
            if end > len(b) or crc32c(b[o + 8:end]) != crc or number != seq + 1 or durable > seq:
                fail(seq + 1, name, o, "entry broken")
            link = sha(b"fillwright/entry/1", link, b[o + 8:o + 32], b[o:o + 4], b[o + 32:o + 32 + length])
            if link != b[end - 32:end]:
                fail(seq + 1, name, o, "chain broken")
            seq, head, o, at_seq[number] = number, link, end, link.hex()
        any(b[o:]) and fail(seq + 1, name, o, "bytes behind the last entry")
    path = os.path.join(folder, "checkpoints")
    for line in open(path) if os.path.exists(path) else []:
        if at_seq.get(int(json.loads(line)["seq"])) != json.loads(line)["head"]:
            fail(json.loads(line)["seq"], "checkpoints", 0, "checkpoint differs or the journal ends early")
    print(f"ok {seq} entries, {len(names)} segments, head {head.hex()}")

main(sys.argv[1], sys.argv[2])
