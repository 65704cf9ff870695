// Text and names to address slots and back, for JavaScript (src/address.ts). Cold: a socket's
// address becomes text only when somebody asks for the text.
#include "address_wrap.h"

#include <errno.h>

#include <cstring>

#include "arrays.h"

namespace edgewise {
namespace {

template <size_t kCount>
bool PortAt(const Args<kCount>& args, size_t index, uint16_t* port) {
  uint32_t value;
  if (!args.Uint32(index, &value) || value > UINT16_MAX) return false;
  *port = static_cast<uint16_t>(value);
  return true;
}

// (slot, text, port). EINVAL also for text too long to be an address, or with a zero in it.
napi_value AddressSetInet(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  AddressSlot* slot;
  uint16_t port;
  char text[kAddressTextMax];
  size_t length;
  if (!SlotAt(env, args, 0, &slot) || !PortAt(args, 2, &port) ||
      napi_get_value_string_utf8(env, args[1], nullptr, 0, &length) != napi_ok) {
    return Refuse(env);
  }
  if (length >= sizeof(text) ||
      napi_get_value_string_utf8(env, args[1], text, sizeof(text), &length) != napi_ok ||
      strlen(text) != length) {
    return Number(env, -EINVAL);
  }
  return Number(env, SetInet(slot, text, port));
}

template <int (*kSet)(AddressSlot*, const uint8_t*, size_t)>
napi_value SetName(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  AddressSlot* slot;
  Bytes name;
  if (!SlotAt(env, args, 0, &slot) || !Args<2>::WholeBytes(env, args[1], &name)) {
    return Refuse(env);
  }
  return Number(env, kSet(slot, name.data, name.length));
}

napi_value AddressSetUnspecified(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  AddressSlot* slot;
  if (!SlotAt(env, args, 0, &slot)) return Refuse(env);
  return Number(env, SetUnspecified(slot));
}

napi_value AddressKindOf(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  AddressSlot* slot;
  if (!SlotAt(env, args, 0, &slot)) return Refuse(env);
  return Number(env, static_cast<int32_t>(KindOf(*slot)));
}

napi_value AddressPort(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  AddressSlot* slot;
  if (!SlotAt(env, args, 0, &slot)) return Refuse(env);
  return Number(env, static_cast<int32_t>(PortOf(*slot)));
}

napi_value AddressText(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  AddressSlot* slot;
  if (!SlotAt(env, args, 0, &slot)) return Refuse(env);
  char text[kAddressTextMax];
  size_t length = InetText(*slot, text);
  napi_value result = nullptr;
  napi_create_string_latin1(env, text, length, &result);
  return result;
}

// (slot, into): copies the path or abstract name into `into` and returns its length.
napi_value AddressName(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  AddressSlot* slot;
  Bytes into;
  const uint8_t* name;
  if (!SlotAt(env, args, 0, &slot) || !Args<2>::WholeBytes(env, args[1], &into)) {
    return Refuse(env);
  }
  size_t length = UnixName(*slot, &name);
  if (length > into.length) return Refuse(env);
  if (length > 0) memcpy(into.data, name, length);
  return Number(env, static_cast<int32_t>(length));
}

constexpr Method kMethods[] = {
    {"addressSetInet", AddressSetInet},
    {"addressSetPath", SetName<SetUnixPath>},
    {"addressSetAbstract", SetName<SetUnixAbstract>},
    {"addressSetUnspecified", AddressSetUnspecified},
    {"addressKind", AddressKindOf},
    {"addressPort", AddressPort},
    {"addressText", AddressText},
    {"addressName", AddressName},
};

bool DefineSize(napi_env env, napi_value exports, const char* name, size_t size) {
  return napi_set_named_property(env, exports, name, Number(env, static_cast<double>(size))) ==
         napi_ok;
}

}  // namespace

bool InitAddress(napi_env env, napi_value exports) {
  return DefineMethods(env, exports, kMethods) &&
         DefineSize(env, exports, "addressSlotSize", sizeof(AddressSlot)) &&
         DefineSize(env, exports, "unixPathMax", UnixPathMax());
}

}  // namespace edgewise
