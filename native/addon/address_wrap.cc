// Text and names to address slots and back, for JavaScript (src/address.ts). Cold: a socket's
// address becomes text only when the text is asked for.
#include "address_wrap.h"

#include <errno.h>

#include <cstring>
#include <string>

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
int AddressSetInet(const Args<3>& args) {
  AddressSlot* slot;
  uint16_t port;
  if (!SlotAt(args, 0, &slot) || !PortAt(args, 2, &port) || !args[1].IsString()) return kRefused;
  std::string text = args[1].As<Napi::String>();
  if (text.length() >= kAddressTextMax || strlen(text.c_str()) != text.length()) return -EINVAL;
  return SetInet(slot, text.c_str(), port);
}

template <int (*kSet)(AddressSlot*, const uint8_t*, size_t)>
int SetName(const Args<2>& args) {
  AddressSlot* slot;
  Bytes name;
  if (!SlotAt(args, 0, &slot) || !args.WholeBytes(1, &name)) {
    return kRefused;
  }
  return kSet(slot, name.data, name.length);
}

int AddressSetUnspecified(const Args<1>& args) {
  AddressSlot* slot;
  if (!SlotAt(args, 0, &slot)) return kRefused;
  return SetUnspecified(slot);
}

int AddressKindOf(const Args<1>& args) {
  AddressSlot* slot;
  if (!SlotAt(args, 0, &slot)) return kRefused;
  return static_cast<int32_t>(KindOf(*slot));
}

int AddressPort(const Args<1>& args) {
  AddressSlot* slot;
  if (!SlotAt(args, 0, &slot)) return kRefused;
  return static_cast<int32_t>(PortOf(*slot));
}

Napi::Value AddressText(const Args<1>& args) {
  AddressSlot* slot;
  if (!SlotAt(args, 0, &slot)) return Napi::Number::New(args.env(), kRefused);
  char text[kAddressTextMax];
  size_t length = InetText(*slot, text);
  return Napi::String::New(args.env(), text, length);
}

// (slot, into): copies the path or abstract name into `into` and returns its length.
int AddressName(const Args<2>& args) {
  AddressSlot* slot;
  Bytes into;
  const uint8_t* name;
  if (!SlotAt(args, 0, &slot) || !args.WholeBytes(1, &into)) {
    return kRefused;
  }
  size_t length = UnixName(*slot, &name);
  if (length > into.length) return kRefused;
  if (length > 0) memcpy(into.data, name, length);
  return static_cast<int32_t>(length);
}

constexpr Function kFunctions[] = {
    {"addressSetInet", Call<AddressSetInet>},
    {"addressSetPath", Call<SetName<SetUnixPath>>},
    {"addressSetAbstract", Call<SetName<SetUnixAbstract>>},
    {"addressSetUnspecified", Call<AddressSetUnspecified>},
    {"addressKind", Call<AddressKindOf>},
    {"addressPort", Call<AddressPort>},
    {"addressText", Call<AddressText>},
    {"addressName", Call<AddressName>},
};

}  // namespace

void InitAddress(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  exports.Set("addressSlotSize", static_cast<double>(sizeof(AddressSlot)));
  exports.Set("unixPathMax", static_cast<double>(UnixPathMax()));
}

}  // namespace edgewise
