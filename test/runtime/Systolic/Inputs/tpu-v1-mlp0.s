# The weights of TPU v1's MLP0 (Jouppi et al., ISCA 2017, table 3: 20 million, batch 200) as its weight FIFO streams them: r1 pairs of tiles
# of 256x256 int8, four buffers in the scratchpad's last megabytes. Activations stay on chip. Semaphore 0: tiles loaded; 1: buffers free.
.reg r1 152
.equ fifo 0x1000000
nop signal=1:4
loop rows=r1
  load ta=i8 dst=fifo+r2 x=r3 rows=256 cols=256 pd=256 px=256 wait=1 signal=0
  wload ta=i8 mask=1 a=fifo+r2 pa=256 rows=256 cols=256 wait=0 signal=1
  matmul ta=i8 mask=1 a=0 pa=256 rows=200 cols=256 px=256 dst=0 pd=1024 release
  load ta=i8 dst=fifo+0x10000+r2 x=0x10000+r3 rows=256 cols=256 pd=256 px=256 wait=1 signal=0
  wload ta=i8 mask=1 a=fifo+0x10000+r2 pa=256 rows=256 cols=256 wait=0 signal=1 bank
  matmul ta=i8 mask=1 a=0 pa=256 rows=200 cols=256 px=256 dst=0 pd=1024 bank accumulate release
  salu fn=sub rd=r2 ra=r5 rb=r2
  next rd=r3 dst=0x20000
halt
.reg r5 0x20000
