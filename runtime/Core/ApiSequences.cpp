// The C ABI of caches, sequences and steps.
#include "Api.h"
#include "Session.h"

using namespace girih::runtime;

static Cache *unwrap(const girih_cache *cache) {
  return const_cast<Cache *>(reinterpret_cast<const Cache *>(cache));
}
static Sequence *unwrap(const girih_sequence *sequence) {
  return const_cast<Sequence *>(reinterpret_cast<const Sequence *>(sequence));
}

//===-- Caches
//-----------------------------------------------------------------------------------------------------===//

static girih_cache_info describe(const CachePlan &plan, int64_t freePages) {
  return {plan.tokens(),  plan.pageTokens,         plan.pages, freePages,
          plan.longest(), plan.decoder.vocabulary, plan.bytes};
}

girih_code girih_cache_plan(const girih_module *module, const girih_cache_options *options,
                            girih_cache_info *info, girih_status *status) {
  if (!module || !info)
    return isNull("a module and a place for the sizes", status);
  girih_cache_options completed;
  if (girih_code code = complete(options, completed, status))
    return code;
  CachePlan plan;
  if (girih_code code = CachePlan::make(*reinterpret_cast<const Module *>(module), completed, plan, status))
    return code;
  *info = describe(plan, plan.pages);
  return GIRIH_OK;
}

girih_code girih_cache_create(girih_module *module, const girih_cache_options *options, girih_cache **cache,
                              girih_status *status) {
  if (!module || !cache)
    return isNull("a module and a place for the cache", status);
  *cache = nullptr;
  girih_cache_options completed;
  if (girih_code code = complete(options, completed, status))
    return code;
  Cache *created = nullptr;
  girih_code code = Cache::create(*reinterpret_cast<Module *>(module), completed, created, status);
  *cache = reinterpret_cast<girih_cache *>(created);
  return code;
}

void girih_cache_release(girih_cache *cache) {
  if (cache)
    unwrap(cache)->release();
}

void girih_cache_describe(const girih_cache *cache, girih_cache_info *info) {
  *info = describe(unwrap(cache)->plan(), unwrap(cache)->freePages());
}

//===-- Sequences
//--------------------------------------------------------------------------------------------------===//

girih_code girih_sequence_create(girih_cache *cache, girih_sequence **sequence, girih_status *status) {
  if (!cache || !sequence)
    return isNull("a cache and a place for the sequence", status);
  Sequence *created = nullptr;
  girih_code code = Sequence::create(*unwrap(cache), created, status);
  *sequence = reinterpret_cast<girih_sequence *>(created);
  return code;
}

void girih_sequence_release(girih_sequence *sequence) { delete unwrap(sequence); }

int64_t girih_sequence_length(const girih_sequence *sequence) { return unwrap(sequence)->length(); }

const int32_t *girih_sequence_tokens(const girih_sequence *sequence) { return unwrap(sequence)->tokens(); }

girih_code girih_sequence_fork(girih_sequence *sequence, girih_sequence **fork, girih_status *status) {
  if (!sequence || !fork)
    return isNull("a sequence and a place for its fork", status);
  Sequence *created = nullptr;
  girih_code code = unwrap(sequence)->fork(created, status);
  *fork = reinterpret_cast<girih_sequence *>(created);
  return code;
}

girih_code girih_sequence_truncate(girih_sequence *sequence, int64_t length, girih_status *status) {
  return sequence ? unwrap(sequence)->truncate(length, status) : isNull("a sequence", status);
}

girih_code girih_sequence_save(girih_sequence *sequence, const char *path, girih_status *status) {
  return sequence && path ? unwrap(sequence)->save(path, status) : isNull("a sequence and a path", status);
}

girih_code girih_sequence_load(girih_cache *cache, const char *path, girih_sequence **sequence,
                               girih_status *status) {
  if (!cache || !path || !sequence)
    return isNull("a cache, a path and a place for the sequence", status);
  Sequence *loaded = nullptr;
  girih_code code = Sequence::load(*unwrap(cache), path, loaded, status);
  *sequence = reinterpret_cast<girih_sequence *>(loaded);
  return code;
}

//===-- Steps
//------------------------------------------------------------------------------------------------------===//

girih_code girih_session_step(girih_session *session, const girih_step *step, girih_status *status) {
  if (!session || !step)
    return isNull("a session and a step", status);
  girih_step completed;
  if (girih_code code = complete(step, completed, status))
    return code;
  return reinterpret_cast<Session *>(session)->step(completed, status);
}
