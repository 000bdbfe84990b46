"""Objects in an S3 bucket: boto3's door. Blocking calls run in a bounded pool of threads, under a deadline, and are tried again."""

import asyncio
import base64
import hashlib
import random
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from storage.clock import Clock
from storage.metrics import OBJECT_FAILURES, OBJECT_RETRIES
from storage.model.errors import Conflict, ErrorCode, NotFound, Unavailable
from storage.objects.keys import check_key
from storage.objects.store import ObjectHead

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef, PutObjectRequestTypeDef

DEADLINE = 8.0
"""Seconds a call may take, with all its tries."""

CONNECT_TIMEOUT, READ_TIMEOUT = 1.0, 2.0
THREADS = 8
STREAMS = 64
"""Objects read in chunks at the same time; more wait."""

_BACK_OFF, _MOST_BACK_OFF = 0.1, 1.0
_MISSING = {"NoSuchKey", "404", "NotFound"}
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_NOT_SATISFIABLE = {"InvalidRange", "416"}

T = TypeVar("T")


class _Again(Exception):
    """The bucket may well do it next time."""


class S3Store:
    """An :class:`storage.objects.store.ObjectStore` in a bucket that exists already."""

    def __init__(
        self, *, endpoint: str, bucket: str, region: str, access_key: str, secret_key: str, clock: Clock, deadline: float = DEADLINE
    ) -> None:
        self._bucket = bucket
        self._clock = clock
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(THREADS, "s3")
        self._streams = asyncio.Semaphore(STREAMS)
        self._client: S3Client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret_key or None,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=READ_TIMEOUT,
                retries={"mode": "standard", "total_max_attempts": 1},
                max_pool_connections=THREADS + STREAMS,
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                # Content-MD5 below is understood by every store; the newer checksums in trailers are not.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def put(
        self, key: str, data: bytes, *, content_type: str, cache_control: str, only_if_absent: bool = False, only_if_etag: str | None = None
    ) -> str:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": data,
            "ContentMD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
            "ContentType": content_type,
            "CacheControl": cache_control,
        }
        if only_if_absent:
            request["IfNoneMatch"] = "*"
        if only_if_etag is not None:
            request["IfMatch"] = only_if_etag
        tries = 0

        def attempt() -> str:
            nonlocal tries
            tries += 1
            return self._client.put_object(**request)["ETag"]

        try:
            return await self._run(attempt)
        except (Conflict, NotFound) as error:
            # The answer to an earlier try may have been lost on its way after the bucket had done it.
            if tries > 1 and (etag := await self._if_same(key, data)):
                return etag
            raise Conflict(ErrorCode.STORE_CONFLICT, "The object exists or has changed.") from error

    async def get(self, key: str) -> bytes:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)

        def read() -> bytes:
            with self._client.get_object(Bucket=self._bucket, Key=key)["Body"] as body:
                return body.read()

        return await self._run(read)

    async def head(self, key: str) -> ObjectHead:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        found = await self._run(lambda: self._client.head_object(Bucket=self._bucket, Key=key))
        return ObjectHead(found["ContentLength"], found["ETag"], found.get("ContentType", ""), found.get("CacheControl", ""))

    async def stream(self, key: str, *, start: int = 0, end: int | None = None, chunk: int = 65_536) -> AsyncGenerator[bytes, None]:
        """See :class:`storage.objects.store.ObjectStore`. Only the first step is tried again."""
        check_key(key)
        if end is not None and end <= start:
            await self.head(key)
            return
        span = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            async with asyncio.timeout(self._deadline):
                await self._streams.acquire()
        except TimeoutError:
            raise Unavailable(ErrorCode.STORE_UNAVAILABLE, "Too many objects are being read.") from None
        try:
            found = await self._run(lambda: self._open(key, span))
            if found is None:
                return
            body = found["Body"]
            try:
                while data := await self._run(lambda: body.read(chunk), once=True):
                    yield data
            finally:
                self._threads.submit(body.close)
        finally:
            self._streams.release()

    async def delete(self, key: str) -> None:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        await self._run(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))

    async def close(self) -> None:
        """See :class:`storage.objects.store.ObjectStore`."""
        await asyncio.get_running_loop().run_in_executor(None, lambda: self._threads.shutdown(cancel_futures=True))
        self._client.close()

    def _open(self, key: str, span: str) -> "GetObjectOutputTypeDef | None":
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key}
        if span != "bytes=0-":
            request["Range"] = span
        try:
            return self._client.get_object(**request)
        except ClientError as error:
            if _code(error) in _NOT_SATISFIABLE:
                return None
            raise

    async def _if_same(self, key: str, data: bytes) -> str | None:
        with suppress(NotFound):
            if await self.get(key) == data:
                return (await self.head(key)).etag
        return None

    async def _run(self, work: Callable[[], T], *, once: bool = False) -> T:
        loop = asyncio.get_running_loop()
        back_off = _BACK_OFF
        reason = "no answer"
        try:
            async with asyncio.timeout(self._deadline):
                while True:
                    try:
                        return await loop.run_in_executor(self._threads, _translated, work)
                    except _Again as error:
                        reason = str(error)
                        OBJECT_RETRIES.labels(reason).inc()
                        if once:
                            break
                    await self._clock.sleep(back_off * random.uniform(0.5, 1))  # noqa: S311 - spreads tries, guards nothing
                    back_off = min(2 * back_off, _MOST_BACK_OFF)
        except TimeoutError:
            pass
        OBJECT_FAILURES.inc()
        raise Unavailable(ErrorCode.STORE_UNAVAILABLE, f"The bucket did not answer in time ({reason}).")


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except ClientError as error:
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such object.") from error
        if code in _CONFLICTS:
            raise Conflict(ErrorCode.STORE_CONFLICT, "The object exists or has changed.") from error
        if status >= 500 or status == 429:
            raise _Again(code) from error
        OBJECT_FAILURES.inc()
        raise Unavailable(ErrorCode.STORE_UNAVAILABLE, f"The bucket refused ({code}).") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise _Again(type(error).__name__) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
