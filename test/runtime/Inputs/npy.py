# Writes and prints .npy files without NumPy: npy.py write FILE DESCR SHAPE VALUE..., npy.py print FILE
import ast, struct, sys

FORMATS = {"<i4": "i", "<i8": "q", "<f4": "f", "<f8": "d", "|b1": "?", ">i4": ">i", "<u8": "Q", "<u4": "I", "|u1": "B"}

def write(path, descr, shape, *values):
    header = repr({"descr": descr, "fortran_order": False, "shape": ast.literal_eval(shape)})
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    code = FORMATS[descr]
    order, code = (code[0], code[1]) if len(code) == 2 else ("<", code)
    numbers = [float(v) if code in "fd" else int(v) for v in values]
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack(f"{order}{len(numbers)}{code}", *numbers))

def show(path):
    data = open(path, "rb").read()
    length = struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10:10 + length].decode())
    print(header["descr"], header["shape"], [v[0] for v in struct.iter_unpack(FORMATS[header["descr"]], data[10 + length:])])

write(*sys.argv[2:]) if sys.argv[1] == "write" else show(sys.argv[2])
