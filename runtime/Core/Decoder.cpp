// Reads the entry points of a decoder.
#include "Decoder.h"

#include <algorithm>
#include <cstring>

using namespace girih::runtime;

namespace {

/// The inputs that the runtime fills, by Role.
struct RoleInfo {
  const char *name;
  uint32_t elementType, rank;
};
constexpr RoleInfo roleInfos[] = {
    {"ids", GIRIH_I32, 2},     {"mask", GIRIH_I32, 2},  {"positions", GIRIH_I32, 2},
    {"slots", GIRIH_I32, 2},   {"table", GIRIH_I32, 2}, {"temperature", GIRIH_F32, 1},
    {"top_k", GIRIH_I32, 1},   {"top_p", GIRIH_F32, 1}, {"min_p", GIRIH_F32, 1},
    {"penalty", GIRIH_F32, 1}, {"seen", GIRIH_I8, 2},   {"seed", GIRIH_I32, 1},
    {"step", GIRIH_I32, 1},
};
static_assert(sizeof(roleInfos) / sizeof(roleInfos[0]) == size_t(Role::Count));

class Reader {
public:
  Reader(const Module &module, Decoder &decoder, girih_status *status)
      : t(module.tables()), decoder(decoder), status(status) {}

  girih_code read();

private:
  uint32_t findEntry(const char *name) const;
  girih_code readEntry(DecoderEntry &entry);
  girih_code readRole(const DecoderEntry &entry, const girih_value &value, Role &role);
  girih_code readOutputs(DecoderEntry &entry);
  girih_code readStates();
  girih_code readState(const girih_value &value);
  girih_code compareStates();
  girih_code readBounds();
  girih_code wrong(const char *entry, const char *what, const char *name);
  std::span<const girih_value> inputs(const DecoderEntry &entry) const {
    return t.values.subspan(t.entries[entry.index].first_input, t.entries[entry.index].input_count);
  }
  const girih_value *input(const DecoderEntry &entry, Role role) const;
  /// The dim's value if it has only one, else -1.
  int64_t constant(const girih_value &value, uint32_t dim) const;

  const Tables &t;
  Decoder &decoder;
  girih_status *status;
};

girih_code Reader::wrong(const char *entry, const char *what, const char *name) {
  return fail(status, GIRIH_WRONG_MODEL, "entry '%s' is not a decoder's: %s '%s'; use girih_session_run",
              entry, what, name);
}

uint32_t Reader::findEntry(const char *name) const {
  for (uint32_t i = 0; i != t.entries.size(); ++i)
    if (strcmp(t.string(t.entries[i].name), name) == 0)
      return i;
  return GIRIH_NONE;
}

int64_t Reader::constant(const girih_value &value, uint32_t dim) const {
  Interval bounds;
  bool known = evaluateInterval(t, t.indices[value.first_dim + dim], bounds) && bounds.low == bounds.high;
  return known ? bounds.low : -1;
}

const girih_value *Reader::input(const DecoderEntry &entry, Role role) const {
  auto found = std::ranges::find(entry.roles, role);
  return found == entry.roles.end() ? nullptr : &inputs(entry)[found - entry.roles.begin()];
}

girih_code Reader::readRole(const DecoderEntry &entry, const girih_value &value, Role &role) {
  role = Role::State;
  if (value.flags & GIRIH_VALUE_STATE)
    return GIRIH_OK;
  const char *name = t.string(value.name);
  for (unsigned i = 0; i != unsigned(Role::Count); ++i)
    if (strcmp(roleInfos[i].name, name) == 0) {
      role = Role(i);
      bool fits = value.element_type == roleInfos[i].elementType && value.rank == roleInfos[i].rank;
      return fits ? GIRIH_OK
                  : wrong(t.string(t.entries[entry.index].name), "another type or rank is expected of input",
                          name);
    }
  return wrong(t.string(t.entries[entry.index].name), "nothing is known of input", name);
}

girih_code Reader::readEntry(DecoderEntry &entry) {
  for (const girih_value &value : inputs(entry)) {
    Role role;
    if (girih_code code = readRole(entry, value, role))
      return code;
    if (role != Role::State && input(entry, role))
      return wrong(t.string(t.entries[entry.index].name), "there are two inputs", t.string(value.name));
    entry.roles.push_back(role);
  }
  for (Role role : {Role::Ids, Role::Positions, Role::Slots, Role::Table})
    if (!input(entry, role))
      return wrong(t.string(t.entries[entry.index].name), "it lacks input", roleInfos[unsigned(role)].name);
  return readOutputs(entry);
}

girih_code Reader::readOutputs(DecoderEntry &entry) {
  const girih_entry &record = t.entries[entry.index];
  for (uint32_t i = 0; i != record.output_count; ++i) {
    const girih_value &value = t.values[record.first_output + i];
    const char *name = t.string(value.name);
    if (strcmp(name, "next") == 0 && value.element_type == GIRIH_I32 && value.rank == 1)
      entry.next = i;
    else if (strcmp(name, "logits") == 0 && value.element_type == GIRIH_F32 && value.rank == 2 &&
             constant(value, 1) > 0)
      entry.logits = i;
    else
      return wrong(t.string(record.name), "nothing is known of output", name);
  }
  if (entry.next == GIRIH_NONE || entry.logits == GIRIH_NONE || record.output_count != 2)
    return wrong(t.string(record.name), "it lacks output", entry.next == GIRIH_NONE ? "next" : "logits");
  int64_t vocabulary = constant(t.values[record.first_output + entry.logits], 1);
  if (decoder.vocabulary != 0 && decoder.vocabulary != vocabulary)
    return wrong(t.string(record.name), "the vocabulary is not that of", "prefill");
  decoder.vocabulary = vocabulary;
  return GIRIH_OK;
}

girih_code Reader::readState(const girih_value &value) {
  uint32_t symbol = value.rank ? plainSymbol(t, t.indices[value.first_dim]) : GIRIH_NONE;
  uint64_t bytes = elementBytes(value.element_type);
  bool fits = symbol != GIRIH_NONE && (decoder.slots == GIRIH_NONE || decoder.slots == symbol);
  for (uint32_t d = 1; fits && d < value.rank; ++d) {
    int64_t size = constant(value, d);
    fits = size > 0 && !__builtin_mul_overflow(bytes, uint64_t(size), &bytes) && bytes < (uint64_t(1) << 40);
  }
  if (!fits)
    return wrong("prefill", "one symbol of slots and then fixed sizes are expected of state",
                 t.string(value.name));
  decoder.slots = symbol;
  decoder.states.push_back({&value, bytes});
  return GIRIH_OK;
}

girih_code Reader::readStates() {
  for (size_t i = 0; i != decoder.prefill.roles.size(); ++i)
    if (decoder.prefill.roles[i] == Role::State)
      if (girih_code code = readState(inputs(decoder.prefill)[i]))
        return code;
  if (decoder.states.empty())
    return wrong("prefill", "it has no", "state");
  return decoder.decode.exists() ? compareStates() : GIRIH_OK;
}

girih_code Reader::compareStates() {
  size_t count = 0;
  for (size_t i = 0; i != decoder.decode.roles.size(); ++i) {
    if (decoder.decode.roles[i] != Role::State)
      continue;
    const girih_value &value = inputs(decoder.decode)[i];
    const girih_value *other = count < decoder.states.size() ? decoder.states[count++].value : nullptr;
    bool same =
        other && other->name == value.name && other->element_type == value.element_type &&
        other->rank == value.rank &&
        std::ranges::equal(t.dims(other->first_dim, other->rank), t.dims(value.first_dim, value.rank));
    if (!same)
      return wrong("decode", "'prefill' has no such state in this place:", t.string(value.name));
  }
  return count == decoder.states.size()
             ? GIRIH_OK
             : wrong("decode", "it lacks the state", t.string(decoder.states[count].value->name));
}

girih_code Reader::readBounds() {
  decoder.longest = INT32_MAX;
  for (const DecoderEntry *entry : {&decoder.prefill, &decoder.decode}) {
    if (!entry->exists())
      continue;
    const girih_value &positions = *input(*entry, Role::Positions), &table = *input(*entry, Role::Table);
    Interval total;
    evaluateInterval(t, t.indices[table.first_dim + 1], total);
    decoder.longest = std::min(decoder.longest, total.high);
    if (positions.flags & GIRIH_VALUE_HAS_RANGE)
      decoder.longest = std::min(decoder.longest, positions.range_high);
  }
  return decoder.longest > 0 ? GIRIH_OK : wrong("prefill", "no sequence fits its", "positions");
}

girih_code Reader::read() {
  decoder.prefill.index = findEntry("prefill");
  decoder.decode.index = findEntry("decode");
  if (!decoder.prefill.exists())
    return fail(status, GIRIH_WRONG_MODEL,
                "expected a decoder, but the artifact has no entry point 'prefill'; its first is '%s'",
                t.string(t.entries[0].name));
  if (girih_code code = readEntry(decoder.prefill))
    return code;
  if (decoder.decode.exists())
    if (girih_code code = readEntry(decoder.decode))
      return code;
  if (girih_code code = readStates())
    return code;
  return readBounds();
}

} // namespace

girih_code Decoder::read(const Module &module, Decoder &decoder, girih_status *status) {
  return Reader(module, decoder, status).read();
}

DimBounds girih::runtime::dimBounds(const Tables &t, const girih_value &value, uint32_t dim,
                                    const int64_t *maxima) {
  uint32_t expression = t.indices[value.first_dim + dim];
  Interval bounds;
  evaluateInterval(t, expression, bounds);
  return {bounds.low, std::max(bounds.low, evaluate(t, expression, maxima))};
}
