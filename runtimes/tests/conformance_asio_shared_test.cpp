// SPDX-License-Identifier: MIT
#include "runtimes/tests/asio_shared.hpp"
#include "runtimes/tests/conformance.hpp"
