// SPDX-License-Identifier: MIT
#include "asio_shared.hpp"
#include "extensions_conformance.hpp"
