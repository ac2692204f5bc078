// Adds up and prints costs.
#include "Report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

using namespace girih::nvidia;

//===-- Facts
//------------------------------------------------------------------------------------------------------===//

static std::string_view trimmed(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == text.npos ? std::string_view() : text.substr(first, last - first + 1);
}

/// The value of a key in lines of `key = value`; "" if there is none.
static std::string valueOf(std::string_view facts, std::string_view key) {
  for (size_t begin = 0; begin < facts.size();) {
    size_t end = std::min(facts.find('\n', begin), facts.size());
    std::string_view line = facts.substr(begin, end - begin);
    size_t equals = line.find('=');
    if (equals != line.npos && trimmed(line.substr(0, equals)) == key)
      return std::string(trimmed(line.substr(equals + 1, line.find('#') - equals - 1)));
    begin = end + 1;
  }
  return "";
}

Peaks Peaks::read(const char *facts) {
  auto number = [&](const char *key) { return strtod(valueOf(facts, key).c_str(), nullptr); };
  Peaks peaks;
  peaks.name = valueOf(facts, "name");
  peaks.bytesPerSecond = number("memory_bytes_per_second");
  peaks.flopsPerSecond[GIRIH_NVIDIA_F32] = number("flops_f32");
  peaks.flopsPerSecond[GIRIH_NVIDIA_BF16] = number("flops_bf16");
  peaks.flopsPerSecond[GIRIH_NVIDIA_FP8] = number("flops_fp8");
  return peaks;
}

//===-- Costs
//------------------------------------------------------------------------------------------------------===//

void Costs::add(const char *label, uint32_t unit, uint64_t nanoseconds, uint64_t flops, uint64_t bytes) {
  double peak = peaks.flopsPerSecond[unit];
  double arithmetic = peak > 0 ? double(flops) / peak : 0;
  double traffic = peaks.bytesPerSecond > 0 ? double(bytes) / peaks.bytesPerSecond : 0;
  std::lock_guard lock(mutex);
  Cost &cost = layers[label];
  ++cost.launches;
  cost.nanoseconds += nanoseconds;
  cost.flops += flops;
  cost.bytes += bytes;
  cost.leastSeconds += std::max(arithmetic, traffic);
}

void Costs::addOnHost(const char *kernel, const char *label) {
  std::lock_guard lock(mutex);
  ++onHost[{kernel, label}];
}

void Costs::reset() {
  std::lock_guard lock(mutex);
  layers.clear();
  onHost.clear();
}

Cost Costs::sum() const {
  Cost all;
  for (const auto &[label, cost] : layers) {
    all.launches += cost.launches;
    all.nanoseconds += cost.nanoseconds;
    all.flops += cost.flops;
    all.bytes += cost.bytes;
    all.leastSeconds += cost.leastSeconds;
  }
  return all;
}

//===-- Text and JSON
//----------------------------------------------------------------------------------------------===//

__attribute__((format(printf, 1, 2))) static std::string format(const char *form, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, form);
  vsnprintf(text, sizeof(text), form, arguments);
  va_end(arguments);
  return text;
}

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text)
    if (uint8_t(c) < 0x20)
      out += format("\\u%04x", c);
    else
      out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "\"";
}

/// Per second and of the roofline; 0 where no time has passed.
static double rate(double amount, const Cost &cost) {
  return cost.nanoseconds ? amount / double(cost.nanoseconds) * 1e9 : 0;
}

/// Most time first.
static std::vector<std::pair<std::string, Cost>> sorted(const std::map<std::string, Cost> &layers) {
  std::vector<std::pair<std::string, Cost>> all(layers.begin(), layers.end());
  std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) {
    return a.second.nanoseconds != b.second.nanoseconds ? a.second.nanoseconds > b.second.nanoseconds
                                                        : a.first < b.first;
  });
  return all;
}

static std::string line(const Cost &cost, double share) {
  return format("%12.1f %6.1f %8llu %9.2f %9.1f %8.1f%%  ", double(cost.nanoseconds) / 1e3, 100 * share,
                static_cast<unsigned long long>(cost.launches), rate(double(cost.flops), cost) / 1e12,
                rate(double(cost.bytes), cost) / 1e9, 100 * rate(cost.leastSeconds, cost));
}

std::string Costs::text(const std::string &device) const {
  Cost all = sum();
  std::string text = format("machine         %s", device.c_str());
  if (!peaks.name.empty())
    text +=
        format("; roofline of %s: %.1f TFLOP/s f32, %.1f bf16, %.1f fp8, %.0f GB/s", peaks.name.c_str(),
               peaks.flopsPerSecond[GIRIH_NVIDIA_F32] / 1e12, peaks.flopsPerSecond[GIRIH_NVIDIA_BF16] / 1e12,
               peaks.flopsPerSecond[GIRIH_NVIDIA_FP8] / 1e12, peaks.bytesPerSecond / 1e9);
  text +=
      format("\n\n%12s %6s %8s %9s %9s %9s  layers\n", "us", "%", "launches", "TFLOP/s", "GB/s", "roofline");
  for (const auto &[label, cost] : sorted(layers))
    text += line(cost, rate(double(cost.nanoseconds), all) / 1e9) + label + "\n";
  text += line(all, 1) + "all launches\n";
  for (const auto &[launch, count] : onHost)
    text += format("%llu launches on the host: ", static_cast<unsigned long long>(count)) + launch.first +
            "  " + launch.second + "\n";
  return text;
}

static std::string fields(const Cost &cost) {
  return format(
      "\"launches\": %llu, \"microseconds\": %.3f, \"flops\": %llu, \"bytes\": %llu, \"tflops\": %.4f, "
      "\"gbytes_per_s\": %.3f, \"roofline_share\": %.4f",
      static_cast<unsigned long long>(cost.launches), double(cost.nanoseconds) / 1e3,
      static_cast<unsigned long long>(cost.flops), static_cast<unsigned long long>(cost.bytes),
      rate(double(cost.flops), cost) / 1e12, rate(double(cost.bytes), cost) / 1e9,
      rate(cost.leastSeconds, cost));
}

std::string Costs::json(const std::string &device) const {
  std::string text = "{\"device\": " + quoted(device) + ", \"machine\": " + quoted(peaks.name) +
                     ",\n \"all\": {" + fields(sum()) + "},\n \"layers\": [";
  bool first = true;
  for (const auto &[label, cost] : sorted(layers)) {
    text += std::string(first ? "" : ",") + "\n  {" + fields(cost) + ", \"layers\": " + quoted(label) + "}";
    first = false;
  }
  text += "],\n \"host\": [";
  first = true;
  for (const auto &[launch, count] : onHost) {
    text += format("%s\n  {\"launches\": %llu, \"kernel\": ", first ? "" : ",",
                   static_cast<unsigned long long>(count)) +
            quoted(launch.first) + ", \"layers\": " + quoted(launch.second) + "}";
    first = false;
  }
  return text + "]}\n";
}

std::string Costs::report(bool asJson, const std::string &device) {
  std::lock_guard lock(mutex);
  if (layers.empty())
    return "";
  return asJson ? json(device) : text(device);
}
