# C[24][20] = A[24][40] W[40][20] on edge16, int8 in, i32 out. K is three weight tiles of 16, 16 and 8 rows, N is two of 16 and 4
# columns. The second tile of weights loads into the other bank while the first multiplies. Semaphore 0: operands are on chip; 1: a
# column of tiles is summed; 2: its results are in the scratchpad.
.gemm 24 40 20
.random 0x0000 i8 960 1          # A, rows of 40
.random 0x1000 i8 800 2          # W, rows of 20
load ta=i8 dst=0x0000 x=0x0000 rows=24 cols=40 pd=40 px=40 signal=0
load ta=i8 dst=0x8000 x=0x1000 rows=40 cols=20 pd=20 px=20 signal=0

wload  ta=i8 mask=1 a=0x8000 pa=20 rows=16 cols=16 wait=0:2                        # rows 0 to 15, columns 0 to 15
matmul ta=i8 mask=1 a=0x0000 pa=40 rows=24 cols=16 px=16 dst=0 pd=64 release
wload  ta=i8 mask=1 a=0x8140 pa=20 rows=16 cols=16 bank                            # rows 16 to 31
matmul ta=i8 mask=1 a=0x0010 pa=40 rows=24 cols=16 px=16 dst=0 pd=64 accumulate release bank
wload  ta=i8 mask=1 a=0x8280 pa=20 rows=8 cols=16                                  # rows 32 to 39
matmul ta=i8 mask=1 a=0x0020 pa=40 rows=24 cols=8 px=16 dst=0 pd=64 accumulate release signal=1

wload  ta=i8 mask=1 a=0x8010 pa=20 rows=16 cols=4 bank                             # columns 16 to 19
matmul ta=i8 mask=1 a=0x0000 pa=40 rows=24 cols=16 px=4 dst=0x4000 pd=64 release bank
wload  ta=i8 mask=1 a=0x8150 pa=20 rows=16 cols=4
matmul ta=i8 mask=1 a=0x0010 pa=40 rows=24 cols=16 px=4 dst=0x4000 pd=64 accumulate release
wload  ta=i8 mask=1 a=0x8290 pa=20 rows=8 cols=4 bank
matmul ta=i8 mask=1 a=0x0020 pa=40 rows=24 cols=8 px=4 dst=0x4000 pd=64 accumulate release signal=1 bank

store ta=i32 a=acc0 pa=64 x=0x2000 rows=24 cols=16 px=80 wait=1                    # DMA reaches the accumulators too
store ta=i32 a=acc0+0x4000 pa=64 x=0x2040 rows=24 cols=4 px=80 wait=1
halt
