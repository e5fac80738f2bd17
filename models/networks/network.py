"""Network: encoded rows in, logits out, in steps that remedies can take apart."""

import math

from torch import Tensor, nn


class Network(nn.Module):
    """Encoded rows in, logits out: `finish(trunk(stem(positions, codes)))`.

    A subclass defines the three steps. With M members in one network the logits are
    [b, M, k] and each member is trained on its own loss; `joint_logits` averages their
    probabilities.
    """

    def stem(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the first layer's output, [b, ...]; linear for a perceptron."""
        raise NotImplementedError

    def trunk(self, stem: Tensor) -> Tensor:
        """Return what the last layer works on, float[b, d] or [b, M, d]."""
        raise NotImplementedError

    def last_inputs(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the inputs of the last layer with weights, [b, d] or [b, M, d]."""
        return self.trunk(self.stem(positions, codes))

    def finish(self, features: Tensor) -> Tensor:
        """Return logits of the trunk's output."""
        logits: Tensor = self.last_layer()(features)
        return logits

    def last_layer(self) -> nn.Module:
        """Return the last layer with weights."""
        raise NotImplementedError

    def forward(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return logits, float[b, k] or [b, M, k]."""
        return self.finish(self.trunk(self.stem(positions, codes)))


def joint_logits(logits: Tensor) -> Tensor:
    """Return one row of logits per row: of the mean probability of M members, [b, k].

    Logits of a single network, [b, k], are returned as they are.
    """
    if logits.dim() == 2:
        return logits
    members = logits.shape[1]
    joint: Tensor = logits.log_softmax(-1).logsumexp(1) - math.log(members)
    return joint
