#include "activation_checkpointing.h"

#include <ATen/Context.h>

#include "radgen/model/autocast.h"

namespace radgen {
namespace {

using torch::Tensor;
using Body = std::function<Tensor(const Tensor&)>;

// Of the generator that dropout on this device draws from.
Tensor random_state(torch::Device device) {
  return at::globalContext().defaultGenerator(device).get_state();
}
void set_random_state(torch::Device device, const Tensor& state) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  generator.set_state(state);
}

// What the backward pass needs beside the input.
struct Recipe : torch::CustomClassHolder {
  Recipe(Body what, Tensor state, bool autocast)
      : body(std::move(what)), random(std::move(state)), is_bf16(autocast) {}
  Body body;
  Tensor random;
  bool is_bf16;
};

class Checkpointed : public torch::autograd::Function<Checkpointed> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const Body& body) {
    context->saved_data["recipe"] = c10::IValue::make_capsule(
        c10::make_intrusive<Recipe>(body, random_state(x.device()), Autocast::is_on(x.device())));
    context->save_for_backward({x});
    return body(x);  // without gradients: autograd functions run forward so
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto holder = context->saved_data["recipe"].toCapsule();
    const auto& recipe = static_cast<const Recipe&>(*holder);
    const Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
    const Tensor now = random_state(x.device());
    set_random_state(x.device(), recipe.random);
    Tensor out;
    {
      const Autocast as_before(recipe.is_bf16, x.device());
      torch::AutoGradMode with_gradients(true);
      out = recipe.body(x);
    }
    set_random_state(x.device(), now);
    torch::autograd::backward({out}, {gradients[0]});
    return {x.grad(), Tensor()};
  }
};

}  // namespace

Tensor checkpointed(const Body& body, const Tensor& x) {
  if (!torch::GradMode::is_enabled() || !x.requires_grad()) return body(x);
  return Checkpointed::apply(x, body);
}

}  // namespace radgen
