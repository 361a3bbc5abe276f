using System.Buffers;
using Grpc.Core;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>One message of the stream, looked at where it lies. Its bytes are valid until the next one is asked for (<see cref="RetainedBody"/>).</summary>
internal sealed class ProcessorMessage
{
    private readonly WireMessage scanned;

    private ProcessorMessage(ReadOnlySequence<byte> bytes)
    {
        Bytes = bytes;
        IsValid = WireMessage.TryScan(bytes, out scanned);
    }

    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>False when the bytes are no protobuf message, or its parts that matter here are malformed.</summary>
    public bool IsValid { get; }

    public ref readonly WireMessage Scanned => ref scanned;

    public static ProcessorMessage Read(DeserializationContext context) => new(context.PayloadAsReadOnlySequence());
}
