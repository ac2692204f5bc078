# P[r1][16] = softmax over each row of S[r1][16] (f32, in DRAM) times 0.125, on edge16; r1 rows, set at launch. With x = log2(e) / 8 the
# row's exponentials are 2^(x S - x max): one pass for the maxima, one for the exponentials, one for their sums, one to divide.
# Semaphore 0: S is on chip; 1: P is.
.reg r1 6
.random 0x0 f32 512 5
load ta=f32 dst=0 x=0x0 rows=r1 cols=16 pd=64 px=64 signal=0
vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=0 pa=64 rows=r1 cols=16 reduce max wait=0                     # maxima
vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=acc0 pa=4 rows=r1 cols=1 scale imm=0.18033688f                # times x
vector mask=1 fn=first td=f32 dst=acc0+0x4000 pd=64 ta=f32 a=0 pa=64 rows=r1 cols=16 scale imm=0.18033688f         # x S
vector mask=1 fn=sub.exp2 td=f32 dst=acc0+0x4000 pd=64 ta=f32 a=acc0+0x4000 pa=64 tb=f32 b=acc0 pb=4 scalar rows=r1 cols=16
vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=acc0+0x4000 pa=64 rows=r1 cols=16 reduce                      # sums
vector mask=1 fn=first.recip td=f32 dst=acc0 pd=4 ta=f32 a=acc0 pa=4 rows=r1 cols=1
vector mask=1 fn=mul td=f32 dst=0x8000 pd=64 ta=f32 a=acc0+0x4000 pa=64 tb=f32 b=acc0 pb=4 scalar rows=r1 cols=16 signal=1
store ta=f32 a=0x8000 pa=64 x=0x1000 rows=r1 cols=16 px=64 wait=1
halt
