using System.Buffers;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>The answers that leave a call as it is.</summary>
internal static class PassThrough
{
    /// <summary>What a full-duplex answer carries at most; the receiving side's buffers are made for 64 KiB messages.</summary>
    public const int ChunkBytesMax = 62_000;

    // For each kind, in the order of their numbers, an empty answer: the tag, length 0.
    private static readonly ConstantAnswer[] Continues = [new([0x0A, 0]), new([0x12, 0]), new([0x1A, 0]), new([0x22, 0]), new([0x2A, 0]), new([0x32, 0])];

    /// <summary>Opens the flow control windows of a peer that asked for it with <c>flow_control_init</c>: 1 TiB each way, so that it is never held back by us.</summary>
    public static ProcessorAnswer Windows { get; } =
        new ConstantAnswer([0x72, 14, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);

    /// <summary>Goes on, nothing changed. The same kind as the message that it answers.</summary>
    public static ProcessorAnswer Continue(MessageKind kind) => Continues[(int)kind - (int)MessageKind.RequestHeaders];

    /// <summary>Sends a full-duplex chunk back, in pieces of at most <see cref="ChunkBytesMax"/>; the last one ends the stream if it ended.</summary>
    public static void Echo(List<ProcessorAnswer> answers, MessageKind kind, ReadOnlySequence<byte> body, bool end)
    {
        do
        {
            var piece = body.Slice(0, Math.Min(body.Length, ChunkBytesMax));
            body = body.Slice(piece.Length);
            answers.Add(new PieceAnswer(kind, piece, end && body.IsEmpty));
        }
        while (!body.IsEmpty);
    }
}
