// Activation functions. The several names of one function differ in transformers only in how they are computed.
#include "lib/Import/Activations.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;

using Build = Value (*)(ModelBuilder &, Value);

static Value gelu(ModelBuilder &model, Value x) { return model.create<graph::GeluOp>(x, graph::Approximation::None); }
static Value geluTanh(ModelBuilder &model, Value x) { return model.create<graph::GeluOp>(x, graph::Approximation::Tanh); }
static Value relu(ModelBuilder &model, Value x) { return model.create<graph::ReluOp>(x); }
static Value silu(ModelBuilder &model, Value x) { return model.create<graph::SiluOp>(x); }
static Value hyperbolic(ModelBuilder &model, Value x) { return model.create<graph::TanhOp>(x); }
static Value sigmoid(ModelBuilder &model, Value x) { return model.create<graph::SigmoidOp>(x); }
static Value identity(ModelBuilder &, Value x) { return x; }

/// x * sigmoid(1.702 x)
static Value quickGelu(ModelBuilder &model, Value x) {
  auto scalar = RankedTensorType::get({1}, model.getFloatType());
  Attribute factor = FloatAttr::get(model.getFloatType(), 1.702);
  Value scale = model.create<graph::ConstantOp>(DenseElementsAttr::get(scalar, factor));
  Value scaled = model.create<graph::MulOp>(x, scale);
  return model.create<graph::MulOp>(x, model.create<graph::SigmoidOp>(scaled).getResult());
}

static constexpr std::pair<StringLiteral, Build> activations[] = {
    {"gelu", gelu},         {"gelu_python", gelu},           {"gelu_new", geluTanh}, {"gelu_pytorch_tanh", geluTanh},
    {"gelu_fast", geluTanh}, {"gelu_python_tanh", geluTanh}, {"gelu_accurate", geluTanh}, {"quick_gelu", quickGelu},
    {"relu", relu},         {"silu", silu},                  {"swish", silu},        {"tanh", hyperbolic},
    {"sigmoid", sigmoid},   {"linear", identity},
};

static Build find(StringRef name) {
  for (const auto &[known, build] : activations)
    if (known == name)
      return build;
  return nullptr;
}

bool girih::import::isActivation(StringRef name) { return find(name) != nullptr; }

std::string girih::import::knownActivations() {
  return llvm::join(llvm::map_range(activations, [](const auto &entry) { return entry.first.str(); }), ", ");
}

Value girih::import::buildActivation(ModelBuilder &model, StringRef name, Value input) { return find(name)(model, input); }

static constexpr std::pair<StringLiteral, graph::Activation> gates[] = {
    {"silu", graph::Activation::Silu},         {"swish", graph::Activation::Silu},
    {"gelu", graph::Activation::Gelu},         {"gelu_python", graph::Activation::Gelu},
    {"gelu_new", graph::Activation::GeluTanh}, {"gelu_pytorch_tanh", graph::Activation::GeluTanh},
    {"gelu_fast", graph::Activation::GeluTanh}, {"gelu_python_tanh", graph::Activation::GeluTanh},
    {"gelu_accurate", graph::Activation::GeluTanh}, {"relu", graph::Activation::Relu},
    {"sigmoid", graph::Activation::Sigmoid},
};

bool girih::import::isGate(StringRef name) {
  return llvm::any_of(gates, [&](const auto &entry) { return entry.first == name; });
}

std::string girih::import::knownGates() {
  return llvm::join(llvm::map_range(gates, [](const auto &entry) { return entry.first.str(); }), ", ");
}

Value girih::import::buildGate(ModelBuilder &model, StringRef name, Value gate, Value up) {
  auto known = llvm::find_if(gates, [&](const auto &entry) { return entry.first == name; });
  return model.create<graph::GateOp>(gate, up, known->second);
}
