// Computes and prints the figures of a run.
#include "runtime/Systolic/Report.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

using namespace girih::systolic;

std::string girih::systolic::format(const char *form, ...) {
  va_list arguments, again;
  va_start(arguments, form);
  va_copy(again, arguments);
  int size = vsnprintf(nullptr, 0, form, arguments);
  std::string text(size_t(std::max(size, 0)), '\0');
  vsnprintf(text.data(), text.size() + 1, form, again); // the string has room for the terminator
  va_end(again);
  va_end(arguments);
  return text;
}

std::string girih::systolic::jsonText(const std::string &text) {
  std::string out = "\"";
  for (char c : text)
    if (uint8_t(c) < 0x20)
      out += format("\\u%04x", c);
    else
      out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

static std::string xmlText(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

/// Where the energies come from.
static const char *energyTable(const Machine &m) {
  Machine usual;
#define SYSTOLIC_ENERGY(key, init, meaning)                                                                  \
  if (m.key != usual.key)                                                                                    \
    return "the machine's facts file";
#include "girih-runtime/SystolicMachine.def"
  return "Horowitz, ISSCC 2014";
}

double Report::utilisation() const {
  double cells = double(machine.array_rows) * double(machine.array_columns) * double(machine.arrays);
  return statistics.cycles ? double(statistics.idealEighths) / 8 / cells / double(statistics.cycles) : 0;
}

double Report::minimumBytes() const {
  double element = statistics.macsBF16 > statistics.macsI8 ? 2 : 1, total = 0;
  double onChip = double(machine.scratchpad_bytes + machine.arrays * machine.accumulator_bytes) / element;
  for (auto [m, k, n] : program.shapes) {
    double M = double(m), K = double(k), N = double(n);
    total += element * std::fmax(M * K + K * N + M * N, 2 * M * N * K / std::sqrt(onChip));
  }
  return total;
}

Energy Report::energy() const {
  const Statistics &s = statistics;
  constexpr double kMicro = 1e-9; // femtojoules in a microjoule
  return {kMicro * (double(s.macsI8) * double(machine.energy_mac_i8) + double(s.macsBF16) * double(machine.energy_mac_bf16)),
          kMicro * double(s.vectorElements) * double(machine.energy_vector),
          kMicro * double(s.scratchpadBytes) * double(machine.energy_scratchpad_byte),
          kMicro * double(s.accumulatorBytes) * double(machine.energy_accumulator_byte),
          kMicro * double(dramBytes()) * double(machine.energy_dram_byte)};
}

static std::string splitText(const Statistics &s) {
  std::string text;
  for (size_t m = 0; m != s.arrays.size(); ++m) {
    auto share = [&](int64_t cycles) { return s.cycles ? 100.0 * double(cycles) / double(s.cycles) : 0; };
    const Split &p = s.arrays[m];
    text += format("array %zu         active %.1f %%, weight stall %.1f %%, weight shift %.1f %%, RAW stall %.1f %%, non-matrix %.1f %%\n", m,
                   share(p.active), share(p.weightStall), share(p.weightShift), share(p.rawStall), share(p.nonMatrix));
  }
  return text;
}

std::string girih::systolic::reportText(const Report &r) {
  const Statistics &s = r.statistics;
  std::string text = format("machine         %s, %lld of %lldx%lld at %lld MHz\n", r.machine.name.c_str(), (long long)r.machine.arrays,
                            (long long)r.machine.array_rows, (long long)r.machine.array_columns, (long long)r.machine.clock_mhz);
  text += format("cycles          %lld, %.3f us\n", (long long)s.cycles, r.seconds() * 1e6);
  text += format("instructions    %llu executed", (unsigned long long)s.instructions);
  if (!r.program.code.empty()) // a sum over launches has no program of its own
    text += format("; %zu in the program, %zu bytes", r.program.code.size(),
                   r.program.code.size() * kInstructionBytes);
  text += '\n';
  text += splitText(s);
  text += format("utilisation     %.2f %%, %.3f TOPS\n", 100 * r.utilisation(), r.teraOps());
  text += format("DRAM            %llu bytes read, %llu written", (unsigned long long)s.dramRead, (unsigned long long)s.dramWritten);
  if (double minimum = r.minimumBytes(); minimum > 0)
    text += format("; %.3f of the minimum of %.0f", double(r.dramBytes()) / minimum, minimum);
  text += "\nbank conflicts ";
  for (unsigned q = 0; q != kQueues; ++q)
    text += format(" %s %lld", q == 0 ? "LD" : q == 1 ? "WL" : q == 2 ? "MX" : q == 3 ? "VX" : "ST", (long long)s.conflicts[q]);
  Energy e = r.energy();
  text += format(" cycles\nenergy          %.3f uJ: MACs %.3f, vector %.3f, scratchpad %.3f, accumulators "
                 "%.3f, DRAM %.3f (table: %s)\n",
                 e.total(), e.macs, e.vector, e.scratchpad, e.accumulators, e.dram, energyTable(r.machine));
  return text;
}

std::string girih::systolic::reportJson(const Report &r) {
  const Statistics &s = r.statistics;
  std::string text = format(
      "{\"machine\": %s, \"cycles\": %lld, \"seconds\": %.9g, \"instructions\": %llu, \"codeBytes\": %zu,\n",
      jsonText(r.machine.name).c_str(), (long long)s.cycles, r.seconds(), (unsigned long long)s.instructions,
      r.program.code.size() * kInstructionBytes);
  text += " \"arrays\": [";
  for (size_t m = 0; m != s.arrays.size(); ++m) {
    const Split &p = s.arrays[m];
    text += format("%s{\"active\": %lld, \"weightStall\": %lld, \"weightShift\": %lld, \"rawStall\": %lld, \"nonMatrix\": %lld}", m ? ", " : "",
                   (long long)p.active, (long long)p.weightStall, (long long)p.weightShift, (long long)p.rawStall, (long long)p.nonMatrix);
  }
  text += format("],\n \"matrixSpan\": %lld, \"macs\": %llu, \"utilisation\": %.6f, \"tops\": %.6f,\n",
                 (long long)(s.firstMatrixIssue < 0 ? 0 : s.lastMatrixRetire - s.firstMatrixIssue), (unsigned long long)r.macs(), r.utilisation(), r.teraOps());
  text += format(" \"dramRead\": %llu, \"dramWritten\": %llu, \"dramMinimum\": %.0f,\n \"bankConflicts\": {", (unsigned long long)s.dramRead,
                 (unsigned long long)s.dramWritten, r.minimumBytes());
  for (unsigned q = 0; q != kQueues; ++q)
    text += format("%s\"%s\": %lld", q ? ", " : "", q == 0 ? "LD" : q == 1 ? "WL" : q == 2 ? "MX" : q == 3 ? "VX" : "ST", (long long)s.conflicts[q]);
  Energy e = r.energy();
  text += format("},\n \"energyTable\": \"%s\", \"energyMicrojoules\": {\"total\": %.6g, \"macs\": %.6g, "
                 "\"vector\": %.6g, \"scratchpad\": %.6g, "
                 "\"accumulators\": %.6g, \"dram\": %.6g}}\n",
                 energyTable(r.machine), e.total(), e.macs, e.vector, e.scratchpad, e.accumulators, e.dram);
  return text;
}

std::string girih::systolic::rooflineSvg(const Report &r) {
  const Machine &m = r.machine;
  double rate = r.statistics.macsBF16 > r.statistics.macsI8 ? double(m.matmul_cycles_bf16) : double(m.matmul_cycles_i8);
  if (rate == 0)
    rate = double(m.matmul_cycles_bf16);
  double peak = 2e6 * double(m.clock_mhz) * double(m.arrays * m.array_rows * m.array_columns) * 8 / rate;
  double bandwidth = double(m.dram_bytes_per_cycle) / 16 * double(m.clock_mhz) * 1e6, ridge = peak / bandwidth;
  double intensity = r.dramBytes() ? 2.0 * double(r.macs()) / double(r.dramBytes()) : ridge, reached = r.teraOps() * 1e12;
  // Three decades to both sides of the ridge, four downwards from the peak.
  auto x = [&](double v) { return 60 + 420 * (std::log10(std::fmax(v, 1e-12) / ridge) + 3) / 6; };
  auto y = [&](double v) { return 30 + 280 * -std::log10(std::fmax(v, 1e-12) / peak) / 4; };
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"520\" height=\"360\" font-family=\"sans-serif\" font-size=\"12\">\n";
  svg += format("<text x=\"60\" y=\"18\">%s: roof %.4g TOPS, %.4g GB/s, ridge at %.4g ops/byte</text>\n",
                xmlText(m.name).c_str(), peak * 1e-12, bandwidth * 1e-9, ridge);
  svg += "<path d=\"M60 30V310H480\" fill=\"none\" stroke=\"black\"/>\n";
  for (double tick = std::pow(10, std::ceil(std::log10(ridge) - 3)); tick <= ridge * 1e3; tick *= 10)
    svg += format("<path d=\"M%.1f 310v4\" stroke=\"black\"/><text x=\"%.1f\" y=\"324\" "
                  "text-anchor=\"middle\" font-size=\"9\">%.4g</text>\n",
                  x(tick), x(tick), tick);
  for (double tick = std::pow(10, std::ceil(std::log10(peak) - 4)); tick <= peak; tick *= 10)
    svg += format("<path d=\"M60 %.1fh-4\" stroke=\"black\"/><text x=\"54\" y=\"%.1f\" text-anchor=\"end\" "
                  "font-size=\"9\">%.4g</text>\n",
                  y(tick), y(tick) + 3, tick * 1e-12);
  svg += format("<path d=\"M%.1f %.1fL%.1f %.1fH480\" fill=\"none\" stroke=\"steelblue\" stroke-width=\"2\"/>\n", x(ridge * 1e-3), y(peak * 1e-3), x(ridge), y(peak));
  svg += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"crimson\"/>\n", std::fmin(std::fmax(x(intensity), 60), 480), std::fmin(std::fmax(y(reached), 30), 310));
  svg += format("<text x=\"60\" y=\"340\">operations per DRAM byte: %.4g (log)</text><text x=\"60\" "
                "y=\"355\">%.4g TOPS, %.1f %% of the roof there</text>\n</svg>\n",
                intensity, reached * 1e-12,
                reached > 0 ? 100 * reached / std::fmin(peak, intensity * bandwidth) : 0);
  return svg;
}
