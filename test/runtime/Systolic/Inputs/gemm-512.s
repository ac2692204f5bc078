# A hand-written GEMM for edge32: C[512][512] = requant(A[512][512] W[512][512]), int8, all in DRAM.
# A stays on chip once it was loaded; a block of 32 columns of W is loaded while the block before is multiplied; accumulators and
# results are double-buffered. A column's 16 weight tiles alternate between the banks: the first and the last stand alone, seven pairs
# are a loop. Semaphores: 0 tiles of A, 1 tiles of W's first block, 2 blocks of W, 3 buffers for W free, 4 halves of the accumulators
# free, 5 sums complete, 6 result buffers free, 7 results complete, 8 table loaded.
.gemm 512 512 512
.equ A 0x0
.equ W 0x40000
.equ C 0x80000
.equ TABLE 0xc0000
.random A i8 262144 1
.random W i8 262144 2
.random TABLE i8 6144 3
.equ padA 0
.equ padW 0x40000
.equ padTable 0x60000
.reg r1 0x4000     # A's tile on chip
.reg r2 32         # and in DRAM
.reg r3 0x40400    # W's tile on chip
.reg r4 0x44000    # and in DRAM
.reg r5 0x10000    # the halves of the accumulators: r14 = r5 - r14 takes the other
.reg r6 0x40000    # W's buffer
.reg r7 0x88000    # r6 = r7 - r6 takes the other
.reg r8 0x50000    # the results' buffer
.reg r9 0xa8000    # r8 = r9 - r8 takes the other
.reg r10 0x60000   # the block's table
.reg r11 0x80000   # the block of C

nop signal=3 signal=4:2
nop signal=6

# The first block takes tiles of A and W as they arrive.
load ta=i8 dst=padW x=W rows=32 cols=32 pd=32 px=512 signal=1
load ta=i8 dst=padA x=A rows=512 cols=32 pd=32 px=512 signal=0
wload ta=i8 mask=1 a=padW pa=32 rows=32 cols=32 wait=1
matmul ta=i8 mask=1 a=padA pa=32 rows=512 cols=32 px=32 dst=0 pd=128 release wait=0 wait=4
loop rows=7
  load ta=i8 dst=r3 x=r4 rows=32 cols=32 pd=32 px=512 signal=1
  load ta=i8 dst=r1 x=A+r2 rows=512 cols=32 pd=32 px=512 signal=0
  wload ta=i8 mask=1 a=r3 pa=32 rows=32 cols=32 wait=1 bank
  matmul ta=i8 mask=1 a=r1 pa=32 rows=512 cols=32 px=32 dst=0 pd=128 accumulate release wait=0 bank
  load ta=i8 dst=0x400+r3 x=0x4000+r4 rows=32 cols=32 pd=32 px=512 signal=1
  load ta=i8 dst=0x4000+r1 x=A+32+r2 rows=512 cols=32 pd=32 px=512 signal=0
  wload ta=i8 mask=1 a=0x400+r3 pa=32 rows=32 cols=32 wait=1
  matmul ta=i8 mask=1 a=0x4000+r1 pa=32 rows=512 cols=32 px=32 dst=0 pd=128 accumulate release wait=0
  salu fn=add rd=r4 ra=r4 x=0x8000
  next rd=r1 dst=0x8000 ra=r2 a=64 rb=r3 b=0x800
load ta=i8 dst=r3 x=r4 rows=32 cols=32 pd=32 px=512 signal=1
load ta=i8 dst=r1 x=A+r2 rows=512 cols=32 pd=32 px=512 signal=0
load ta=i32 dst=padTable x=TABLE rows=48 cols=32 pd=128 px=128 signal=8
wload ta=i8 mask=1 a=r3 pa=32 rows=32 cols=32 wait=1 bank signal=3
matmul ta=i8 mask=1 a=r1 pa=32 rows=512 cols=32 px=32 dst=0 pd=128 accumulate release wait=0 bank signal=5
requant mask=1 a=acc0 pa=128 rows=512 cols=32 b=r10 pb=128 dst=r8 pd=32 imm=0x7f8000 wait=5 wait=8 signal=4 signal=7
store ta=i8 a=r8 pa=32 rows=512 cols=32 x=r11 px=512 wait=7 signal=6

# The other 15.
salu fn=add rd=r4 ra=r0 x=W+32
loop rows=15
  salu fn=sub rd=r6 ra=r7 rb=r6
  salu fn=sub rd=r14 ra=r5 rb=r14
  salu fn=sub rd=r8 ra=r9 rb=r8
  load ta=i8 dst=r6 x=r4 rows=512 cols=32 pd=32 px=512 wait=3 signal=2
  salu fn=add rd=r3 ra=r6 x=0x400
  salu fn=add rd=r1 ra=r0 x=0x4000
  wload ta=i8 mask=1 a=r6 pa=32 rows=32 cols=32 wait=2
  matmul ta=i8 mask=1 a=padA pa=32 rows=512 cols=32 px=32 dst=r14 pd=128 release wait=4
  loop rows=7
    wload ta=i8 mask=1 a=r3 pa=32 rows=32 cols=32 bank
    matmul ta=i8 mask=1 a=r1 pa=32 rows=512 cols=32 px=32 dst=r14 pd=128 accumulate release bank
    wload ta=i8 mask=1 a=0x400+r3 pa=32 rows=32 cols=32
    matmul ta=i8 mask=1 a=0x4000+r1 pa=32 rows=512 cols=32 px=32 dst=r14 pd=128 accumulate release
    next rd=r1 dst=0x8000 ra=r3 a=0x800
  wload ta=i8 mask=1 a=r3 pa=32 rows=32 cols=32 bank signal=3
  matmul ta=i8 mask=1 a=r1 pa=32 rows=512 cols=32 px=32 dst=r14 pd=128 accumulate release bank signal=5
  salu fn=add rd=r10 ra=r10 x=384
  salu fn=add rd=r11 ra=r11 x=32
  requant mask=1 a=acc0+r14 pa=128 rows=512 cols=32 b=r10 pb=128 dst=r8 pd=32 imm=0x7f8000 wait=5 wait=6 signal=4 signal=7
  store ta=i8 a=r8 pa=32 rows=512 cols=32 x=r11 px=512 wait=7 signal=6
  next rd=r4 dst=32
halt
