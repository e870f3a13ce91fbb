"""The records of FastCGI: a version, a type, a request's number, a length, and so many bytes."""

import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def write(connection, kind, data=b""):
    """Sends one record of request 1; an empty one ends a stream."""
    connection.sendall(struct.pack("!BBHHBx", 1, kind, 1, len(data), 0) + data)


def read(stream):
    """The type and the data of the next record; None at the end."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
    data = stream.read(length)
    stream.read(padding)
    return kind, data


def pairs(names):
    """Names and values, each behind its length."""
    packed = b""
    for name, value in names.items():
        for text in name, value:
            packed += struct.pack("!I", len(text.encode()) | 1 << 31)
        packed += (name + value).encode()
    return packed


def unpair(data):
    """The names and values of `pairs`, whose lengths may take one byte or four."""
    names, at = {}, 0
    while at < len(data):
        lengths = []
        for _ in range(2):
            if data[at] < 128:
                lengths.append(data[at])
                at += 1
            else:
                lengths.append(struct.unpack("!I", data[at:at + 4])[0] & 0x7FFFFFFF)
                at += 4
        name, value = data[at:at + lengths[0]], data[at + lengths[0]:at + sum(lengths)]
        names[name.decode()] = value.decode()
        at += sum(lengths)
    return names
