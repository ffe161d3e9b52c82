import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping


class Module(torch.nn.Module):
    def __init__(self, width=30):
        super().__init__()
        self.hidden = torch.nn.Linear(64, width)
        self.dropout = torch.nn.Dropout(0.2)
        self.output = torch.nn.Linear(width, 10)

    def forward(self, X):
        return self.output(self.dropout(torch.relu(self.hidden(X))))


X, y = load_digits(return_X_y=True)
X, y = (X / 16.0).astype(np.float32), y.astype(np.int64)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
torch.manual_seed(0)
model = NeuralNetClassifier(
    Module,
    module__width=30,
    criterion=torch.nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    lr=2e-2,
    max_epochs=100,
    batch_size=64,
    iterator_train__shuffle=True,
    callbacks=[EarlyStopping(patience=8, load_best=True)],
    verbose=0,
).fit(X_train, y_train)
score = model.score(X_test, y_test)
