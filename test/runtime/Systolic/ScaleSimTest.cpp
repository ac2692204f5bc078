// Proves that programs of matrix products take SCALE-Sim's compute cycles, weight, output and input
// stationary, on every row of Inputs/scalesim.csv: transformers' shapes on three arrays.
// test/campaigns/scalesim remakes the file. SCALE-Sim's array has neither shadow weights nor accumulators, so
// the machine here overlaps nothing either.
#include "Tiles.h"

#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace girih::systolic;

namespace {

/// A line of the file: a product [M, K] x [K, N].
struct Row {
  std::string product, dataflow;
  int64_t M, N, K, array, cycles;
};

std::vector<Row> rows() {
  std::ifstream file(SYSTOLIC_INPUTS "/scalesim.csv");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "product,M,N,K,array,dataflow,cycles");
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Row &row = rows.emplace_back();
    char comma;
    std::getline(fields, row.product, ',');
    fields >> row.M >> comma >> row.N >> comma >> row.K >> comma >> row.array >> comma;
    std::getline(fields, row.dataflow, ',');
    fields >> row.cycles;
    EXPECT_TRUE(fields) << line;
  }
  return rows;
}

int64_t cyclesOf(const Row &row) {
  Machine m = arrayOf(row.array, row.array, /*shadow=*/false);
  if (row.dataflow == "os") {
    m.output_stationary = 1;
    return matrixSpan(m, outputFolds(row.M, row.K, row.N, m));
  }
  // Input stationary, the activations take the weights' place, and weights stream.
  return matrixSpan(m, row.dataflow == "is" ? weightTiles(row.N, row.K, row.M, m)
                                            : weightTiles(row.M, row.K, row.N, m));
}

} // namespace

TEST(Systolic, ScaleSim) {
  std::map<std::pair<int64_t, std::string>, std::set<std::tuple<int64_t, int64_t, int64_t>>> compared;
  for (const Row &row : rows()) {
    EXPECT_EQ(cyclesOf(row), row.cycles)
        << row.product << ", " << row.dataflow << " on " << row.array << "x" << row.array;
    compared[{row.array, row.dataflow}].insert({row.M, row.N, row.K});
  }
  EXPECT_EQ(compared.size(), 9u) << "three arrays, three dataflows";
  for (const auto &[of, shapes] : compared)
    EXPECT_GE(shapes.size(), 50u) << of.second << " on " << of.first;
}
