// SPDX-License-Identifier: MIT
#include "peers.hpp"

#ifdef HAVE_ONEDNN
#include <dnnl.h>

#include <cstdio>
#include <cstdlib>
#endif

namespace peers {

#ifdef HAVE_ONEDNN

namespace {

void gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta, float* c,
          std::size_t c_stride) {
  const auto to_int = [](std::size_t x) { return static_cast<dnnl_dim_t>(x); };
  const dnnl_status_t status =
      dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', to_int(m), to_int(n), to_int(k), alpha, a.data,
                 to_int(a.stride), b.data, to_int(b.stride), beta, c, to_int(c_stride));
  if (status == dnnl_success) return;
  std::fprintf(stderr, "bench_peers: dnnl_sgemm fails with status %d\n", static_cast<int>(status));
  std::abort();
}

}  // namespace

/// One thread because the environment says OMP_NUM_THREADS=1 (environment.hpp). It has no routines for vectors: its
/// sgemm recognises them.
Library onednn() {
  const dnnl_version_t* v = dnnl_version();
  return {"oneDNN",
          std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch) +
              ", instruction set " + std::to_string(dnnl_get_effective_cpu_isa()) + " of dnnl_cpu_isa_t",
          "libdnnl-dev", gemm, nullptr};
}

#else

Library onednn() {
  return {"oneDNN", "", "libdnnl-dev", nullptr, nullptr};
}

#endif

}  // namespace peers
