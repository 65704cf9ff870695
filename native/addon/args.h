// Taking arguments out of a call of the I/O path, and giving back its one number: the only place
// where a JavaScript value becomes a C value. Each getter answers false for a value that is not
// exactly what it asks for (a fraction, NaN, a BigInt, a proxy of a typed array, a detached buffer,
// a range past the end), and calls no JavaScript. The function then returns kRefused;
// src/validate.ts turns that into a TypeError or a RangeError that names the argument
// (docs/adr/0002). So the check is where the pointer is taken, and it is made once.
//
// The calls here are Node-API's own: node-addon-api's CallbackInfo and its Number cost these
// functions 4 to 7 ns of each call (docs/adr/0010).
#pragma once

#include <napi.h>

#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace edgewise {

// What a native function returns for arguments that it cannot take. No syscall returns it.
constexpr int32_t kRefused = INT32_MIN;

// A span of memory that belongs to JavaScript, valid until the call returns.
struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};

// All of a Uint8Array over an ArrayBuffer of its own thread that is neither shared nor detached.
inline bool WholeBytes(napi_env env, napi_value value, Bytes* out) {
  // Node answers napi_invalid_arg for what is no typed array, and leaves the type of one that is
  // newer than its Node-API as it was.
  napi_typedarray_type type = napi_int8_array;
  napi_value buffer;
  void* data;
  if (napi_get_typedarray_info(env, value, &type, &out->length, &data, &buffer, nullptr) !=
      napi_ok) {
    return false;
  }
  bool is_array_buffer = false;
  if (napi_is_arraybuffer(env, buffer, &is_array_buffer) != napi_ok || !is_array_buffer) {
    return false;  // shared memory: another thread could write while the kernel reads
  }
  if (out->length == 0) {
    bool is_detached = false;  // a read into nothing answers 0, which would look like an end
    if (napi_is_detached_arraybuffer(env, buffer, &is_detached) != napi_ok || is_detached) {
      return false;
    }
  }
  out->data = static_cast<uint8_t*>(data);
  return type == napi_uint8_array;
}

// The arguments of one call; a function that asks for none, not even its receiver, has Args<0>.
template <size_t kCount>
class Args {
 public:
  Args(napi_env env, napi_callback_info info) : Args(env, info, false) {}

  Napi::Env env() const { return env_; }
  Napi::Value operator[](size_t index) const { return {env_, values_[index]}; }
  Napi::Value receiver() const { return {env_, this_}; }

  bool Double(size_t index, double* out) const {
    return napi_get_value_double(env_, values_[index], out) == napi_ok;
  }

  bool Int32(size_t index, int32_t* out) const {
    double value;
    if (!Double(index, &value) || !(value >= INT32_MIN && value <= INT32_MAX)) return false;
    *out = static_cast<int32_t>(value);
    return *out == value;
  }

  bool Uint32(size_t index, uint32_t* out) const {
    double value;
    if (!Double(index, &value) || !(value >= 0 && value <= UINT32_MAX)) return false;
    *out = static_cast<uint32_t>(value);
    return *out == value;
  }

  // A descriptor number: a whole number from 0 to 2^31 - 1, open or not.
  bool Fd(size_t index, int* out) const { return Int32(index, out) && *out >= 0; }

  // An offset or length in a file: a whole number from 0 to 2^53 - 1.
  bool Offset(size_t index, int64_t* out) const {
    double value;
    if (!Double(index, &value) || !(value >= 0 && value <= 9007199254740991.0)) return false;
    *out = static_cast<int64_t>(value);
    return static_cast<double>(*out) == value;
  }

  bool IsUndefined(size_t index) const {
    if (index >= count_) return true;  // asks nothing of Node, which counts on the I/O path
    napi_valuetype type;
    return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_undefined;
  }

  // The same, left as it is when the argument is undefined. Present and a number is tried first.
  bool OptionalOffset(size_t index, int64_t* out) const {
    if (index >= count_) return true;
    int64_t value;
    if (Offset(index, &value)) {
      *out = value;
      return true;
    }
    return IsUndefined(index);
  }

  // A Uint8Array (a Buffer is one) at `index`, then its offset and length, each optional:
  // offset 0, length what is left behind the offset.
  bool BytesAt(size_t index, Bytes* out) const {
    return WholeBytes(index, out) && Narrow(index + 1, out);
  }

  // Cuts `out` down to the offset at `index` and the length behind it, each optional.
  bool Narrow(size_t index, Bytes* out) const {
    int64_t offset = 0;
    if (!OptionalOffset(index, &offset)) return false;
    if (static_cast<uint64_t>(offset) > out->length) return false;
    int64_t length = static_cast<int64_t>(out->length) - offset;
    if (!OptionalOffset(index + 1, &length)) return false;
    if (static_cast<uint64_t>(length) > out->length - static_cast<uint64_t>(offset)) return false;
    out->data += offset;
    out->length = static_cast<size_t>(length);
    return true;
  }

  bool WholeBytes(size_t index, Bytes* out) const {
    return edgewise::WholeBytes(env_, values_[index], out);
  }

 protected:
  Args(napi_env env, napi_callback_info info, bool has_data) : env_(env) {
    if constexpr (kCount > 0) {  // absent ones are undefined
      napi_get_cb_info(env, info, &count_, values_, &this_, has_data ? &data_ : nullptr);
    }
  }

  void* data_ = nullptr;

 private:
  napi_env env_;
  size_t count_ = kCount;
  napi_value this_ = nullptr;
  napi_value values_[kCount == 0 ? 1 : kCount] = {};
};

// The same with what DefineFunctions was given for the function, a T.
template <size_t kCount, typename T>
class ArgsWith : public Args<kCount> {
 public:
  ArgsWith(napi_env env, napi_callback_info info) : Args<kCount>(env, info, true) {}

  T* data() const { return static_cast<T*>(this->data_); }
};

// What a native function returns, as JavaScript gets it.
inline napi_value ToValue(napi_env env, int32_t number) {
  napi_value result = nullptr;
  napi_create_int32(env, number, &result);
  return result;
}

inline napi_value ToValue(napi_env env, double number) {
  napi_value result = nullptr;
  napi_create_double(env, number, &result);
  return result;
}

inline napi_value ToValue(napi_env, Napi::Value value) { return value; }

template <typename Result, typename Arguments>
Arguments ArgumentsOf(Result (*)(const Arguments&));

// `kFunction`, a function of Args or ArgsWith that returns a number, a value or nothing, as
// Node-API calls it.
template <auto kFunction>
napi_value Call(napi_env env, napi_callback_info info) {
  decltype(ArgumentsOf(kFunction)) args(env, info);
  if constexpr (std::is_void_v<decltype(kFunction(args))>) {
    kFunction(args);
    return nullptr;
  } else {
    return ToValue(env, kFunction(args));
  }
}

// A table row of an addon file: the name that JavaScript sees and the function behind it.
struct Function {
  const char* name;
  napi_callback callback;
};

// `data` is for the functions, and lives as long as the environment.
void DefineFunctions(Napi::Object target, const Function* rows, size_t count, void* data);

template <size_t kCount>
void DefineFunctions(Napi::Object target, const Function (&rows)[kCount], void* data = nullptr) {
  DefineFunctions(target, rows, kCount, data);
}

// The same as a method of a class, for the list of Napi::ObjectWrap's DefineClass.
inline napi_property_descriptor Method(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

// The T behind an object of the class T, a Napi::ObjectWrap; null for any other value.
template <typename T>
T* Wrapped(Napi::Value value) {
  void* wrapped = nullptr;
  if (napi_unwrap(value.Env(), value, &wrapped) != napi_ok) return nullptr;
  return value.As<Napi::Object>().CheckTypeTag(&T::kTag) ? static_cast<T*>(wrapped) : nullptr;
}

}  // namespace edgewise
