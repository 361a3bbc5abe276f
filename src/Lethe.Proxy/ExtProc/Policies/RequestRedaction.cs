using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Takes a part of a body, writes as much of it redacted as can be told by now (all, when final), and returns how many bytes it holds back.</summary>
internal delegate int RedactionWindow(ReadOnlySpan<byte> part, bool final, PooledBytes output);

/// <summary>
/// One request body on its way to the upstream. What has come and not gone on is kept as it came, so that a window that fails costs no byte.
/// </summary>
internal sealed class RequestRedaction(RedactionWindow window, bool isEvents)
{
    private byte[] held = [];
    private byte[] waiting = [];

    /// <summary>Bytes that have come and not gone on.</summary>
    public int HeldBytes => held.Length + waiting.Length;

    /// <summary>What goes on now. When the body goes on, the rest of a character or event is waited for.</summary>
    public ReadOnlyMemory<byte> Take(in ReadOnlySequence<byte> body, bool final)
    {
        using var output = new PooledBytes();
        var holds = 0;
        output.Append(waiting);
        foreach (var segment in body)
        {
            holds = window(segment.Span, final: false, output);
        }

        if (final)
        {
            holds = window([], final: true, output);
        }

        byte[] told = output.ToArray();
        var whole = final ? told.Length : TextCut.WholeFront(told, isEvents, PassThrough.ChunkBytesMax);
        if (!body.IsEmpty || final)
        {
            held = LastOf(body, holds);
        }

        waiting = told[whole..];
        return told.AsMemory(0, whole);
    }

    /// <summary>After a failure: all that has not gone on, as it came (and redacted as far as it already was), and the part on which it failed.</summary>
    public ReadOnlyMemory<byte> Surrender(in ReadOnlySequence<byte> body)
    {
        byte[] rest = [.. waiting, .. held, .. body.ToArray()];
        waiting = held = [];
        return rest;
    }

    private byte[] LastOf(in ReadOnlySequence<byte> body, int count) => count <= body.Length
        ? body.Slice(body.Length - count).ToArray()
        : [.. held.AsSpan(held.Length - (int)(count - body.Length)), .. body.ToArray()];
}
