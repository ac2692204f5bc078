/* A libcuda.so.1 that lacks nearly everything, as one older than the runtime does. */
int cuInit(unsigned flags) { return (int)flags; }
