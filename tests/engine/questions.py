"""Questions to ask gradviz and PyTorch alike: one expression a line, each on tensors that are made anew.

What PyTorch answers is stored in facts/answers.json: a value, or an exception's class and text, and the warnings.
"""

import copy
import re
import warnings

import numpy as np

EXCHANGE = """
torch.from_numpy([1])
torch.from_numpy(np.float32(1))
torch.tensor(read_only)
torch.from_numpy(np.arange(3.)[::-1])
torch.as_tensor(np.arange(3.)[::-1])
torch.from_numpy(big)
torch.tensor(big)
torch.from_numpy(odd['a'])
torch.from_numpy(np.ma.array([1.]))
leaf.numpy()
non.numpy()
leaf.numpy(force=True)
np.asarray(leaf)
np.asarray(m, dtype=np.float64)
np.ones(3)*m
np.float32(2)*m
np.exp(leaf)
np.stack([m,m]).shape
type(np.stack([m,m]))
torch.as_tensor([1.,2.])
torch.as_tensor(m) is m
torch.as_tensor(m,dtype=torch.float64)
torch.as_tensor(leaf) is leaf
torch.as_tensor(leaf, dtype=torch.float64)
torch.as_tensor(3)
torch.as_tensor(np.float32(3))
torch.as_tensor('a')
torch.as_tensor([[1,2],[3]])
torch.asarray([1,2])
torch.asarray(m) is m
torch.asarray(m,copy=True) is m
torch.asarray(leaf, requires_grad=True) is leaf
torch.asarray(leaf, requires_grad=False) is leaf
torch.asarray(non, requires_grad=False) is non
torch.asarray(non, requires_grad=True).grad_fn
torch.asarray(m, requires_grad=True) is m
torch.asarray(m,dtype=torch.float64,copy=False)
torch.asarray([1,2],copy=False)
torch.asarray(np.arange(2),copy=False)
torch.asarray(np.arange(2),dtype=torch.float32,copy=False)
torch.asarray(np.float32(2))
torch.asarray(bytearray(4))
torch.asarray(bytearray(8), dtype=torch.float32)
torch.asarray(bytearray(8), dtype=torch.int32)
torch.asarray(memoryview(bytearray(8)))
torch.asarray('abc')
torch.asarray(3., requires_grad=True)
torch.asarray([1], requires_grad=True)
torch.frombuffer(bytearray(8), dtype=torch.float32)
torch.frombuffer(bytearray(8), dtype=torch.float32, count=1, offset=4)
torch.frombuffer(bytearray(8), dtype=torch.float32, count=3)
torch.frombuffer(bytearray(8), dtype=torch.float32, offset=9)
torch.frombuffer(bytearray(8), dtype=torch.float32, offset=8)
torch.frombuffer(bytearray(8), dtype=torch.float32, offset=-1)
torch.frombuffer(bytearray(7), dtype=torch.float32)
torch.frombuffer(bytearray(8), dtype=torch.float32, offset=3)
torch.frombuffer(bytearray(0), dtype=torch.float32)
torch.frombuffer(bytearray(8), dtype=torch.float32, count=0)
torch.frombuffer(bytearray(8), dtype=torch.float32, count=-2)
torch.frombuffer('abc', dtype=torch.float32)
torch.frombuffer(3, dtype=torch.float32)
torch.frombuffer(bytearray(8), dtype=torch.float32, requires_grad=True)
torch.frombuffer(bytearray(8), dtype=torch.int32, requires_grad=True)
leaf.__dlpack__()
non.__dlpack__()
m.__dlpack__(max_version=(1,0))
torch.from_dlpack(leaf)
torch.from_dlpack(3)
torch.from_dlpack(m).data_ptr()==m.data_ptr()
torch.from_dlpack(read_only)
torch.from_dlpack(np.arange(3))
torch.from_dlpack(m, copy=True).data_ptr()==m.data_ptr()
torch.from_dlpack(torch.utils.dlpack.to_dlpack(m))
torch.utils.dlpack.from_dlpack(np.arange(2))
torch.ones(2,dtype=torch.bool).__dlpack__()
np.from_dlpack(torch.ones(2,dtype=torch.bool))
np.from_dlpack(m.t())
np.from_dlpack(m.expand(2,2,3)).strides
m.__dlpack__(stream=1)
"""

MAKING = """
m.new_tensor([1,2])
i.new_tensor([1.5,2])
m.new_tensor([1], dtype=torch.int64, requires_grad=True)
m.new_tensor([1.], requires_grad=True)
m.new_tensor(i)
m.new_tensor(np.array([1,2]))
m.new_zeros(2)
m.new_zeros(2,3)
m.new_zeros((2,3),dtype=torch.int64)
m.new_zeros([2], requires_grad=True)
m.new_ones((2,))
m.new_ones(2,-1)
m.new_full((2,),3)
i.new_full((2,),3.5)
m.new_full(2,3)
m.new_full((2,),'a')
m.new_empty((2,0))
m.new_zeros()
m.new_zeros('a')
m.new_zeros(2.5)
torch.empty(2,0)
torch.empty(2,-1)
torch.zeros(2,-1)
torch.ones(2,-1)
torch.rand(2,-1)
torch.empty((2,0),dtype=torch.int64)
torch.empty(2.5)
torch.empty_like(m,dtype=torch.int64).dtype
torch.empty_like(m.t()).stride()
torch.zeros_like(m.t()).stride()
torch.rand_like(i)
torch.rand_like(m,dtype=torch.float64).dtype
torch.randn_like(i)
torch.randint_like(m,5).dtype
torch.randint_like(m,2,5).shape
torch.randint_like(m,5,5)
torch.normal(0.,-1.,(2,))
torch.normal(torch.zeros(2),torch.tensor([-1.,1.]))
torch.normal(torch.zeros(2,3),torch.ones(3)).shape
torch.normal(i, 1.)
torch.normal(torch.zeros(2)).shape
torch.normal(0., torch.ones(2)).shape
torch.bernoulli(torch.tensor([1.5]))
torch.bernoulli(i)
torch.bernoulli(torch.tensor([0.,1.]))
torch.bernoulli(m,0.5).shape
torch.multinomial(torch.tensor([0.,1.,0.]),1)
torch.multinomial(torch.tensor([0.,1.,0.]),2)
torch.multinomial(torch.tensor([0.,1.,0.]),4)
torch.multinomial(torch.tensor([0.,0.,0.]),1)
torch.multinomial(torch.tensor([-1.,1.,0.]),1)
torch.multinomial(torch.tensor([float('nan'),1.,0.]),1)
torch.multinomial(torch.tensor([float('inf'),1.,0.]),1)
torch.multinomial(torch.ones(2,2,2),1)
torch.multinomial(torch.tensor(1.),1)
torch.multinomial(torch.ones(3),0)
torch.multinomial(i,1)
torch.multinomial(torch.tensor([0.,1.,0.]),3,replacement=True)
torch.logspace(0,2,3)
torch.logspace(0,2,3,base=2)
torch.logspace(0,2,-1)
torch.linspace(0,2,-1)
torch.logspace(0,3,4,dtype=torch.int64)
leaf.new_zeros(2).requires_grad
torch.tensor(leaf)
m.new_tensor(m)
torch.zeros(2,dtype=int).dtype
torch.tensor([m,1])
torch.zeros(2,2.5)
torch.zeros('a')
torch.zeros(2.5)
torch.zeros((2,2.5))
torch.zeros([2,'a'])
torch.zeros(np.int64(2), z).shape
torch.zeros(True)
torch.zeros()
torch.randn('a')
torch.rand(2.5)
torch.full(2,3)
torch.full((2,),'a')
torch.full((2,),3)
torch.full((2,),torch.tensor(3.))
torch.full((2,),m)
torch.randint(5,(2,)).dtype
torch.randint(5,2)
torch.empty_like(3)
torch.zeros_like([1])
torch.rand_like(m, requires_grad=True)
torch.rand_like(m, device='cpu').shape
torch.zeros_like(i, requires_grad=True)
torch.bernoulli(m, -1)
torch.bernoulli(3)
torch.normal(0,1,(2,)).dtype
torch.normal(0,1,size=(2,2), dtype=torch.float64).dtype
torch.normal(mean=0., std=1., size=(2,)).shape
torch.normal(m, 2).shape
torch.multinomial(leaf, 1)
torch.multinomial(leaf, 1).grad_fn
torch.multinomial(m, 2).shape
torch.multinomial(3, 2)
torch.logspace(0,2,steps=3,base=10.0)
torch.empty(2, requires_grad=True).requires_grad
torch.empty(2, requires_grad=True, dtype=int)
torch.from_numpy(np.zeros((0,3))).shape
torch.tensor(np.ma.array([1.]))
torch.tensor(odd['a'])
torch.tensor(np.arange(3.)[::-1])
torch.tensor(np.float64(2))
torch.tensor([torch.tensor(1.),2])
torch.empty(2,0,3).numpy().shape
"""

PYTHON = """
m.item()
e.item()
m.tolist()
z.tolist()
int(m)
int(e)
int(zf)
int(nan)
int(no[1])
float(m)
float(z)
complex(zf)
[1,2,3].__getitem__(zf)
range(3)[zf]
[1,2][torch.tensor([1])]
[1,2][torch.tensor(True)]
[1,2][m]
hex(z)
2 in i
2.0 in i
torch.tensor(2) in i
'a' in i
None in i
[1] in i
i in i
m in m
torch.ones(2) in m
i in m
len(z)
len(m)
iter(z)
list(reversed(i))
reversed(i)
reversed(z)
list(reversed(m))[0]
bool(m)
bool(e)
bool(z)
bool(nan)
not m
list(m)
m.type()
leaf.type()
z.type()
torch.ones(1,dtype=torch.bool).type()
m.type(torch.float64).dtype
m.type('torch.DoubleTensor').dtype
m.type('torch.FloatTensor') is m
m.type('foo')
m.type(torch.float32) is m
m.type(3)
m.type_as(i)
m.short().dtype
m.byte().dtype
m.char().dtype
m.float() is m
leaf.long()
m.element_size()
m.nelement()
m[1:].storage_offset()
m.t().stride()
m.stride(0)
m.stride(-1)
m.stride(2)
z.stride(0)
m.untyped_storage().nbytes()
m[1:].untyped_storage().nbytes()
m[1:].untyped_storage().data_ptr()==m.data_ptr()
m[1:].data_ptr()-m.data_ptr()
e.data_ptr()
m.t().contiguous().stride()
m.itemsize
m.is_complex()
m.is_signed()
m.ndimension()
m.get_device()
m.is_cuda
torch.is_tensor(m)
torch.is_tensor(3)
torch.is_floating_point(m)
torch.is_floating_point(3)
torch.numel(m)
torch.is_nonzero(z)
torch.is_nonzero(m)
torch.is_nonzero(e)
copy.copy(m).data_ptr()==m.data_ptr()
copy.copy(leaf).requires_grad
copy.copy(leaf).is_leaf
copy.copy(non)
copy.copy(non).grad_fn
copy.deepcopy(leaf)
copy.deepcopy(non)
copy.deepcopy(m[1:]).untyped_storage().nbytes()
copy.copy(lin.weight).data_ptr()==lin.weight.data_ptr()
copy.deepcopy(m.t()).stride()
copy.deepcopy(lin).weight.data_ptr()==lin.weight.data_ptr()
copy.copy(lin).weight is lin.weight
m.detach_()
non.detach_().grad_fn
i.numpy(force=False)
m.data_ptr()==m.numpy().ctypes.data
torch.as_tensor([m,m])
complex(m)
m.type_as(3)
m.stride(dim=1)
m.__array__(np.float64).dtype
m.__array_wrap__(np.ones(2))
m.__array_wrap__(np.ones(2,bool))
m.detach_().requires_grad
leaf[0].detach_()
leaf.detach_().requires_grad
torch.ones(2,requires_grad=True).unbind()[0].detach_()
torch.from_numpy(np.ones(3)[::-1][:1])
torch.from_numpy(np.ones((3,1))[:, ::-1])
torch.is_tensor()
torch.get_default_dtype()
torch.as_tensor(np.arange(3), dtype=torch.float32)
torch.as_tensor(np.arange(3.), device='cpu')
torch.as_tensor(leaf.detach().numpy()).data_ptr()==leaf.data_ptr()
copy.deepcopy(torch.nn.Parameter(torch.ones(2))).requires_grad
torch.asarray(leaf,requires_grad=False).requires_grad
torch.asarray(leaf,dtype=torch.float64,requires_grad=True).grad_fn
torch.asarray(leaf,copy=True, requires_grad=True).grad_fn
torch.asarray(leaf, requires_grad=False).data_ptr()==leaf.data_ptr()
"""

STATES = """
list(Model().state_dict())
list(Model().state_dict(prefix='p.'))
Model().state_dict(keep_vars=True)['first.weight'].requires_grad
lin.load_state_dict({})
lin.load_state_dict({}, strict=False)
lin.load_state_dict({'weight':torch.ones(2,2),'x':torch.ones(1)})
lin.load_state_dict({'weight':torch.ones(2,2),'bias':torch.ones(1)}, strict=False)
lin.load_state_dict({'weight':3,'bias':torch.ones(1)})
lin.load_state_dict({'weight':np.ones((1,2)),'bias':torch.ones(1)})
lin.load_state_dict([1])
lin.load_state_dict({'weight':torch.ones(1,2,dtype=torch.float64),'bias':torch.ones(1)})
Model().load_state_dict({'left_out':torch.ones(2)})
Model().load_state_dict({'kept':torch.ones(2,3),'first.weight':torch.ones(3,1), 'inner.0.weight':torch.ones(2)})
Model().load_state_dict({'kept':torch.ones(2),'first':torch.ones(3,1), 'inner.0.weight.x':torch.ones(2)}, strict=True)
lin.load_state_dict({'weight':torch.ones(1,2),'bias':torch.ones(())})
nn.BatchNorm1d(2).load_state_dict({})
nn.BatchNorm1d(2).load_state_dict({k:v for k,v in nn.BatchNorm1d(2).state_dict().items()})
dict(nn.BatchNorm1d(2).state_dict())
lin.load_state_dict({'weight':torch.ones(1,2,dtype=torch.float64),'bias':torch.ones(1)}, assign=True)
lin.load_state_dict({'weight':torch.ones(1,3),'bias':torch.ones(1)}, assign=True)
torch.optim.SGD(lin.parameters(), lr=.1).state_dict()
torch.optim.SGD(lin.parameters(), lr=.1).load_state_dict({})
torch.optim.SGD(lin.parameters(), lr=.1).load_state_dict({'state':{},'param_groups':[]})
torch.optim.SGD(lin.parameters(), lr=.1).load_state_dict({'state':{},'param_groups':[{'params':[0]}]})
"""

QUESTIONS = [line for text in (EXCHANGE, MAKING, PYTHON, STATES) for line in text.strip().split("\n")]


def surroundings(torch):
    """The names that the questions use."""
    read_only = np.arange(3.0)
    read_only.flags.writeable = False
    leaf = torch.ones(2, requires_grad=True)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(2, 1)
            self.register_buffer("kept", torch.ones(2))
            self.register_buffer("left_out", torch.ones(2), persistent=False)
            self.inner = torch.nn.Sequential(torch.nn.Linear(1, 1))

    return {
        "torch": torch, "nn": torch.nn, "np": np, "copy": copy, "Model": Model, "read_only": read_only,
        "big": np.arange(3, dtype=">f4"), "odd": np.zeros(4, dtype=[("a", "f4"), ("b", "i1")]), "leaf": leaf,
        "non": leaf * 2, "m": torch.ones(2, 3), "z": torch.tensor(3), "zf": torch.tensor(2.7),
        "i": torch.tensor([1, 2]), "e": torch.ones(0), "no": torch.tensor([float("nan"), float("inf")]),
        "nan": torch.tensor(float("nan")), "lin": torch.nn.Linear(2, 1),
    }  # fmt: skip


def answered(torch, question):
    """[what the expression gives or raises, the warnings' beginnings]."""
    torch.manual_seed(0)
    names = surroundings(torch)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = repr(eval(question, names))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
    said = re.sub(" (object )?at 0x[0-9a-f]+", "", said)
    return [said, [f"{each.category.__name__}: {str(each.message)[:60]}" for each in caught]]
