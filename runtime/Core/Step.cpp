// Fills a decoder's inputs.
#include "Step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

using namespace girih::runtime;

/// Tables are made a multiple of this wide, so that most steps find their launches bound to the sizes they
/// need.
static constexpr int64_t tableGranule = 64;
/// However many rows a module takes.
static constexpr int64_t mostStepRows = 4096;
/// Enough for matrix products to be bound by arithmetic, few enough for activations to stay near, and for
/// cancelling soon.
static constexpr int64_t defaultPrefillTokens = 512;

//===-- Opening
//----------------------------------------------------------------------------------------------------===//

girih_code Stepper::create(const Module &module, std::span<const int64_t> maxima, uint32_t prefillTokens,
                           std::unique_ptr<Stepper> &result, girih_status *status) {
  std::unique_ptr<Stepper> stepper(
      new (std::nothrow) Stepper(module, maxima, prefillTokens ? prefillTokens : defaultPrefillTokens));
  if (!stepper)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a session's steps");
  if (girih_code code = Decoder::read(module, stepper->decoder, status))
    return code;
  if (girih_code code = stepper->reserve(status))
    return code;
  result = std::move(stepper);
  return GIRIH_OK;
}

/// The bounds that both entries allow.
girih_code Stepper::measure(const DecoderEntry &entry, girih_status *status) {
  if (!entry.exists())
    return GIRIH_OK;
  const girih_entry &record = t.entries[entry.index];
  for (uint32_t i = 0; i != record.input_count; ++i) {
    const girih_value &value = t.values[record.first_input + i];
    if (entry.roles[i] == Role::Table) {
      tableBounds = dimBounds(t, value, 1, maxima.data());
    } else if (entry.roles[i] == Role::Ids) {
      DimBounds each = dimBounds(t, value, 0, maxima.data()), wide = dimBounds(t, value, 1, maxima.data());
      rowBounds = {std::max(rowBounds.least, each.least), std::min(rowBounds.most, each.most)};
      if (&entry == &decoder.prefill)
        widthBounds = {wide.least, std::max(wide.least, std::min(wide.most, prefillTokens))};
      else if (wide.most != 1)
        return fail(status, GIRIH_WRONG_MODEL,
                    "entry 'decode' is not a decoder's: it takes %lld tokens of a row, not one; use "
                    "girih_session_run",
                    static_cast<long long>(wide.most));
    }
  }
  return GIRIH_OK;
}

girih_code Stepper::reserve(girih_status *status) {
  rowBounds = {1, mostStepRows};
  if (girih_code code = measure(decoder.prefill, status))
    return code;
  if (girih_code code = measure(decoder.decode, status))
    return code;
  if (rowBounds.most < rowBounds.least || tableBounds.most > INT32_MAX)
    return fail(status, GIRIH_WRONG_MODEL, "entries 'prefill' and 'decode' have no number of rows in common");
  uint64_t mostRows = uint64_t(rowBounds.most), bytes = 0, vocabulary = uint64_t(decoder.vocabulary);
  auto place = [&](uint64_t each) { // bytes of a row
    uint64_t offset = bytes, more;
    if (__builtin_mul_overflow(mostRows, each, &more) || more >> 46)
      more = uint64_t(1) << 46; // is refused below
    bytes += (more + GIRIH_WEIGHT_ALIGNMENT - 1) / GIRIH_WEIGHT_ALIGNMENT * GIRIH_WEIGHT_ALIGNMENT;
    return offset;
  };
  for (unsigned role = 0; role != unsigned(Role::Count); ++role) {
    uint64_t each = role < unsigned(Role::Table) ? 4 * uint64_t(widthBounds.most) : 4;
    each = Role(role) == Role::Table  ? 4 * uint64_t(tableBounds.most)
           : Role(role) == Role::Seen ? vocabulary
                                      : each;
    offsets[role] = place(each);
  }
  nextOffset = place(4);
  logitsOffset = place(4 * vocabulary);
  size_t mostInputs = decoder.prefill.roles.size();
  if (decoder.decode.exists())
    mostInputs = std::max(mostInputs, decoder.decode.roles.size());
  inputs.resize(mostInputs);
  outputs.resize(2);
  rows.reserve(mostRows);
  return Mapping::pages(bytes, /*huge=*/false, memory, status);
}

//===-- Arguments
//--------------------------------------------------------------------------------------------------===//

girih_code Stepper::checkRow(const girih_step &step, uint32_t row, girih_status *status) const {
  if (!step.sequences[row] || !step.tokens[row] || step.token_counts[row] == 0)
    return fail(status, GIRIH_INVALID_ARGUMENT, "expected a sequence and at least one token in row %u", row);
  const Cache &other = reinterpret_cast<Sequence *>(step.sequences[row])->cache();
  if (&other.module() != &module)
    return fail(status, GIRIH_INVALID_ARGUMENT, "the sequence in row %u belongs to another module", row);
  if (&other != &reinterpret_cast<Sequence *>(step.sequences[0])->cache())
    return fail(status, GIRIH_INVALID_ARGUMENT, "the sequences in rows 0 and %u belong to different caches",
                row);
  for (int32_t token : std::span(step.tokens[row], step.token_counts[row]))
    if (token < 0 || token >= decoder.vocabulary)
      return fail(status, GIRIH_VALUE_OUT_OF_RANGE, "expected tokens in [0, %lld) but found %d in row %u",
                  static_cast<long long>(decoder.vocabulary), token, row);
  if (!step.sampling)
    return GIRIH_OK;
  const girih_sampling &s = step.sampling[row];
  bool sane = s.temperature >= 0 && std::isfinite(s.temperature) && s.top_k >= 0 && s.top_p >= 0 &&
              s.top_p <= 1 && s.min_p >= 0 && s.min_p <= 1 && s.repetition_penalty >= 0 &&
              std::isfinite(s.repetition_penalty);
  if (!sane)
    return fail(
        status, GIRIH_INVALID_ARGUMENT,
        "expected finite temperature, top_k and repetition_penalty of at least 0, top_p and min_p from 0 "
        "to 1, but got %g, %d, %g, %g "
        "and %g in row %u",
        double(s.temperature), s.top_k, double(s.repetition_penalty), double(s.top_p), double(s.min_p), row);
  bool draws = s.temperature > 0 || (s.repetition_penalty != 0 && s.repetition_penalty != 1);
  if (draws && !decoder.samples())
    return fail(status, GIRIH_INVALID_ARGUMENT,
                "expected temperature 0 and no repetition_penalty but got %g and %g in row %u: this artifact takes the "
                "most likely token; choose from its logits instead",
                double(s.temperature), double(s.repetition_penalty), row);
  return GIRIH_OK;
}

girih_code Stepper::checkStep(const girih_step &step, girih_status *status) const {
  if (step.rows < uint64_t(rowBounds.least) || step.rows > uint64_t(rowBounds.most))
    return fail(status, GIRIH_SIZE_OUT_OF_BOUNDS, "expected from %lld to %lld sequences in a step but got %u",
                static_cast<long long>(rowBounds.least), static_cast<long long>(rowBounds.most), step.rows);
  if (!step.sequences || !step.tokens || !step.token_counts)
    return fail(status, GIRIH_INVALID_ARGUMENT,
                "expected sequences, tokens and token counts but got a null pointer");
  for (uint32_t row = 0; row != step.rows; ++row)
    if (girih_code code = checkRow(step, row, status))
      return code;
  return GIRIH_OK;
}

/// Numbers that say nothing, and what they stand for. Logits divided by a smaller temperature than the least
/// would leave the range of f32, and the greatest wins long before.
static girih_sampling completed(const girih_sampling *sampling) {
  constexpr float leastTemperature = 1e-30f;
  girih_sampling result = sampling ? *sampling : girih_sampling{};
  result.temperature = result.temperature < leastTemperature ? 0 : result.temperature;
  result.top_p = result.top_p == 0 ? 1 : result.top_p;
  result.repetition_penalty = result.repetition_penalty == 0 ? 1 : result.repetition_penalty;
  return result;
}

girih_code Stepper::takeRow(const girih_step &step, uint32_t row, girih_status *status) {
  auto *sequence = reinterpret_cast<Sequence *>(step.sequences[row]);
  if (!sequence->tryUse())
    return fail(status, GIRIH_BUSY, "the sequence in row %u is in use, in another row or by another thread",
                row);
  std::span tokens(step.tokens[row], step.token_counts[row]);
  if (girih_code code = sequence->prepare(tokens, status)) {
    sequence->endUse();
    return code;
  }
  rows.push_back({sequence, tokens, completed(step.sampling ? step.sampling + row : nullptr), 0, row});
  return GIRIH_OK;
}

girih_code Stepper::begin(const girih_step &step, girih_status *status) {
  if (girih_code code = checkStep(step, status))
    return code;
  cache = &reinterpret_cast<Sequence *>(step.sequences[0])->cache();
  wantsLogits = step.logits != nullptr;
  rows.clear();
  for (uint32_t row = 0; row != step.rows; ++row)
    if (girih_code code = takeRow(step, row, status)) {
      end(false);
      return code;
    }
  return GIRIH_OK;
}

void Stepper::end(bool success) {
  for (const StepRow &row : rows) {
    success ? row.sequence->commit() : row.sequence->rollback();
    row.sequence->endUse();
  }
  rows.clear();
}

//===-- Runs
//-------------------------------------------------------------------------------------------------------===//

void Stepper::fillSampling(uint32_t index) {
  const StepRow &row = rows[index];
  const girih_sampling &s = row.sampling;
  // Until its last token no choice is needed, so the cheapest is asked for.
  bool chooses = row.left() <= width;
  staging<float>(Role::Temperature)[index] = chooses ? s.temperature : 0;
  staging<int32_t>(Role::TopK)[index] = s.top_k;
  staging<float>(Role::TopP)[index] = s.top_p;
  staging<float>(Role::MinP)[index] = s.min_p;
  staging<float>(Role::Penalty)[index] = chooses ? s.repetition_penalty : 1;
  staging<int32_t>(Role::Seed)[index] = s.seed;
  staging<int32_t>(Role::Step)[index] = int32_t(row.sequence->length() + int64_t(row.tokens.size()));
  auto *seen = staging<int8_t>(Role::Seen) + index * decoder.vocabulary;
  memset(seen, 0, size_t(decoder.vocabulary));
  if (chooses && s.repetition_penalty != 1)
    for (int64_t i = 0; i != row.sequence->length() + int64_t(row.tokens.size()); ++i)
      seen[row.sequence->tokens()[i]] = 1;
}

void Stepper::fillRow(uint32_t index, int64_t width, int64_t total) {
  const StepRow &row = rows[index];
  int64_t first = row.sequence->length() + row.done, count = std::min(row.left(), width);
  int32_t *ids = staging<int32_t>(Role::Ids) + index * width,
          *mask = staging<int32_t>(Role::Mask) + index * width;
  int32_t *positions = staging<int32_t>(Role::Positions) + index * width,
          *slots = staging<int32_t>(Role::Slots) + index * width;
  for (int64_t i = 0; i != count; ++i) {
    ids[i] = row.tokens[row.done + i];
    mask[i] = 1;
    positions[i] = int32_t(first + i);
    slots[i] = row.sequence->slot(first + i);
  }
  for (int64_t i = count; i != width; ++i) {
    ids[i] = mask[i] = 0;
    positions[i] = slots[i] = -1;
  }
  int32_t *table = staging<int32_t>(Role::Table) + index * total;
  row.sequence->fillSlots(table, first + count);
  std::fill(table + first + count, table + total, -1);
  fillSampling(index);
}

girih_tensor Stepper::tensorFor(const DecoderEntry &entry, uint32_t input, int64_t width, int64_t total) {
  const girih_value &value = t.values[t.entries[entry.index].first_input + input];
  Role role = entry.roles[input];
  girih_tensor tensor = {memory.data() + offsets[unsigned(role) % unsigned(Role::Count)],
                         value.element_type,
                         value.rank,
                         {active}};
  if (value.rank == 2)
    tensor.shape[1] = role == Role::Table ? total : role == Role::Seen ? decoder.vocabulary : width;
  return tensor;
}

Call Stepper::callOf(const DecoderEntry &entry, int64_t width, int64_t total) {
  const girih_entry &record = t.entries[entry.index];
  uint32_t state = 0;
  for (uint32_t i = 0; i != record.input_count; ++i) {
    if (entry.roles[i] != Role::State) {
      inputs[i] = tensorFor(entry, i, width, total);
      continue;
    }
    const girih_value &value = *decoder.states[state].value;
    inputs[i] = {cache->state(state++), value.element_type, value.rank, {cache->plan().tokens()}};
    for (uint32_t d = 1; d != value.rank; ++d)
      inputs[i].shape[d] = evaluate(t, t.indices[value.first_dim + d], maxima.data());
  }
  outputs[entry.next] = {memory.data() + nextOffset, GIRIH_I32, 1, {active}};
  outputs[entry.logits] = {memory.data() + logitsOffset, GIRIH_F32, 2, {active, decoder.vocabulary}};
  return {entry.index, std::span(inputs).first(record.input_count),
          std::span(outputs).first(record.output_count),
          /*statesOnDevice=*/module.device() != nullptr,
          /*ignoredOutputs=*/wantsLogits ? 0 : uint64_t(1) << entry.logits};
}

/// Covers every position that the run under way reads or writes.
int64_t Stepper::tableWidth() const {
  int64_t longest = 0;
  for (uint32_t i = 0; i != active; ++i)
    longest = std::max(longest, rows[i].sequence->length() + rows[i].done + std::min(rows[i].left(), width));
  int64_t rounded = (longest + tableGranule - 1) / tableGranule * tableGranule;
  return std::max(tableBounds.least, std::max(longest, std::min(rounded, tableBounds.most)));
}

/// Rows that still have tokens first, in their order.
void Stepper::sortRows() {
  active = 0;
  for (uint32_t i = 0; i != rows.size(); ++i)
    if (rows[i].left() > 0)
      std::swap(rows[active++], rows[i]);
}

bool Stepper::next(Call &call) {
  sortRows();
  if (active == 0)
    return false;
  int64_t most = 0;
  for (uint32_t i = 0; i != active; ++i)
    most = std::max(most, rows[i].left());
  bool decodes = most == 1 && decoder.decode.exists();
  width = decodes ? 1 : std::clamp(most, widthBounds.least, widthBounds.most);
  int64_t total = tableWidth();
  for (uint32_t i = 0; i != active; ++i)
    fillRow(i, width, total);
  call = callOf(decodes ? decoder.decode : decoder.prefill, width, total);
  return true;
}

void Stepper::collect(const girih_step &step) {
  auto *next = reinterpret_cast<const int32_t *>(memory.data() + nextOffset);
  auto *logits = reinterpret_cast<const float *>(memory.data() + logitsOffset);
  for (uint32_t i = 0; i != active; ++i) {
    StepRow &row = rows[i];
    row.done += std::min(row.left(), width);
    if (row.left() > 0)
      continue;
    if (step.next)
      step.next[row.number] = next[i];
    if (step.logits)
      memcpy(step.logits + row.number * decoder.vocabulary, logits + i * decoder.vocabulary,
             size_t(decoder.vocabulary) * sizeof(float));
  }
}
