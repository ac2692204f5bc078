// All operations of the `girih` dialect, by subject.
#ifndef GIRIH_GRAPH_OPS
#define GIRIH_GRAPH_OPS

include "dialects/Graph/StructureOps.td"
include "dialects/Graph/ContractionOps.td"
include "dialects/Graph/NormalizationOps.td"
include "dialects/Graph/ElementwiseOps.td"
include "dialects/Graph/MovementOps.td"
include "dialects/Graph/SequenceOps.td"
include "dialects/Graph/DecodingOps.td"
include "dialects/Graph/SamplingOps.td"

#endif // GIRIH_GRAPH_OPS
