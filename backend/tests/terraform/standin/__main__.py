# ruff: noqa: N802 - the protocol chose the methods' names
"""Terraform starts this as its plugin: it says where it listens, then serves until told to stop.

The handshake is go-plugin's: one line on standard output with protocol, socket and the
certificate that Terraform will insist on. Started by hand it says what it is and ends.
"""

import base64
import datetime as dt
import os
import sys
import tempfile
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standin.provider import Provider
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

_LARGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def _certificate() -> tuple[bytes, grpc.ServerCredentials]:
    """A certificate of this process alone: go-plugin pins the one in the handshake."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    der = signed.public_bytes(serialization.Encoding.DER)
    return der, grpc.ssl_server_credentials([(private, pem)])


class _Controller(controller_rpc.GRPCControllerServicer):
    """Hears that Terraform is done."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped

    def Shutdown(self, request, context):
        self._stopped.set()
        return controller_pb.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):
    """Has nothing to say."""

    def StreamStdio(self, request, context):
        return iter(())


def main() -> None:
    """Serve one Terraform."""
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") is None:
        sys.exit("This is a Terraform plugin: scripts/check-terraform points Terraform at it.")
    stopped = threading.Event()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=_LARGE)
    rpc.add_ProviderServicer_to_server(Provider(), server)
    controller_rpc.add_GRPCControllerServicer_to_server(_Controller(stopped), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(), server)
    der, credentials = _certificate()
    with tempfile.TemporaryDirectory() as folder:
        server.add_secure_port(f"unix:{folder}/plugin.sock", credentials)
        server.start()
        pinned = base64.b64encode(der).decode().rstrip("=")
        sys.stdout.write(f"1|6|unix|{folder}/plugin.sock|grpc|{pinned}\n")
        sys.stdout.flush()
        stopped.wait()
        server.stop(0.1).wait()


if __name__ == "__main__":
    main()
