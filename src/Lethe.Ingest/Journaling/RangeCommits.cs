using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>The bytes that a line wrote, their salt first, and what they commit to once it is computed.</summary>
internal sealed record RangeCommit(ReadOnlyMemory<byte>[] Pieces, int TextAt)
{
    public byte[] Commit { get; } = new byte[JournalLine.SealBytes];
}

/// <summary>
/// Computes what ranges commit to: a second thread begins while the writer still gathers and writes, when there is much; the writer does the rest.
/// Added to, and waited for, by one thread.
/// </summary>
internal sealed class RangeCommits : IDisposable
{
    /// <summary>Less than this is sooner computed than handed to another thread.</summary>
    private const long SharedBytesMin = 128 * 1024;

    private readonly Queue<RangeCommit> waiting = [];
    private readonly IncrementalHash own = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly SemaphoreSlim much = new(0);
    private readonly SemaphoreSlim done = new(0);
    private Task? helping;
    private long gathered;
    private bool isHelperAtWork;
    private bool isAwaited;
    private bool disposed;

    public void Add(RangeCommit range)
    {
        foreach (var piece in range.Pieces)
        {
            gathered += piece.Length;
        }

        lock (waiting)
        {
            waiting.Enqueue(range);
            if (gathered < SharedBytesMin || isHelperAtWork)
            {
                return;
            }

            isHelperAtWork = true;
        }

        helping ??= OwnThread.Start(Help);
        much.Release();
    }

    /// <summary>Returns when every range that was added has its commit.</summary>
    public void Complete()
    {
        while (TryTake(out var range))
        {
            Compute(range, own);
        }

        AwaitHelper();
        gathered = 0;
    }

    /// <summary>Returns when no range that was added is read any more.</summary>
    public void Drop()
    {
        lock (waiting)
        {
            waiting.Clear();
        }

        AwaitHelper();
        gathered = 0;
    }

    public void Dispose()
    {
        Drop();
        disposed = true;
        much.Release();
        if (helping is not null)
        {
            OwnThread.Wait(helping);
        }

        much.Dispose();
        done.Dispose();
        own.Dispose();
    }

    private static void Compute(RangeCommit range, IncrementalHash hash)
    {
        Span<byte> salted = stackalloc byte[WrittenRange.SaltBytes + JournalLine.SealBytes];
        range.Pieces[0].Span.CopyTo(salted);
        for (var i = 1; i < range.Pieces.Length; i++)
        {
            hash.AppendData(range.Pieces[i].Span);
        }

        hash.GetHashAndReset(salted[WrittenRange.SaltBytes..]);
        SHA256.HashData(salted, range.Commit);
    }

    private void AwaitHelper()
    {
        lock (waiting)
        {
            if (!isHelperAtWork)
            {
                return;
            }

            isAwaited = true;
        }

        done.Wait();
    }

    private bool TryTake(out RangeCommit range)
    {
        lock (waiting)
        {
            return waiting.TryDequeue(out range!);
        }
    }

    private void Help()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        much.Wait();
        while (!disposed)
        {
            while (TryTake(out var range))
            {
                Compute(range, hash);
            }

            lock (waiting)
            {
                if (waiting.Count > 0)
                {
                    continue;
                }

                isHelperAtWork = false;
                if (isAwaited)
                {
                    isAwaited = false;
                    done.Release();
                }
            }

            much.Wait();
        }
    }
}
