using System.Buffers;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc.Wire;

/// <summary>What a message of the stream carries; the number is its field number in <c>ProcessingRequest</c>.</summary>
internal enum MessageKind
{
    None = 0,
    RequestHeaders = 2,
    ResponseHeaders = 3,
    RequestBody = 4,
    ResponseBody = 5,
    RequestTrailers = 6,
    ResponseTrailers = 7,
}

/// <summary>How the bodies of a stream are sent, as its first message told.</summary>
internal readonly record struct BodyModes(ProcessingMode.Types.BodySendMode Request, ProcessingMode.Types.BodySendMode Response);

/// <summary>
/// One <c>ProcessingRequest</c>, looked at where it lies: enough to answer it and to copy a body out once.
/// Parsing a body message into objects would copy the body a second time.
/// </summary>
internal readonly struct WireMessage
{
    private const int MetadataAttributes = 9;
    private const int ObservabilityField = 10;
    private const int ProtocolConfigField = 11;
    private const int FlowControlInitField = 12;

    public MessageKind Kind { get; private init; }

    /// <summary>The chunk, for the two body kinds.</summary>
    public ReadOnlySequence<byte> Body { get; private init; }

    /// <summary>True on the last message of its direction.</summary>
    public bool EndOfStream { get; private init; }

    public bool Observability { get; private init; }

    public bool HasAttributes { get; private init; }

    public bool HasFlowControlInit { get; private init; }

    /// <summary>Null on all but the first message.</summary>
    public BodyModes? Modes { get; private init; }

    public bool IsResponse => Kind is MessageKind.ResponseHeaders or MessageKind.ResponseBody or MessageKind.ResponseTrailers;

    public bool IsBody => Kind is MessageKind.RequestBody or MessageKind.ResponseBody;

    /// <summary>False when the bytes are no protobuf message, or its parts that matter here are malformed.</summary>
    public static bool TryScan(in ReadOnlySequence<byte> message, out WireMessage scanned)
    {
        var fields = new WireFields(message);
        var kind = MessageKind.None;
        ReadOnlySequence<byte> part = default;
        var (observability, hasAttributes, hasFlowControl) = (false, false, false);
        BodyModes? modes = null;
        scanned = default;
        while (fields.TryNext())
        {
            switch (fields.Number)
            {
                case >= (int)MessageKind.RequestHeaders and <= (int)MessageKind.ResponseTrailers when fields.IsBytes:
                    (kind, part) = ((MessageKind)fields.Number, fields.Bytes);
                    break;
                case MetadataAttributes:
                    hasAttributes = true;
                    break;
                case ObservabilityField:
                    observability = fields.Varint != 0;
                    break;
                case ProtocolConfigField when fields.IsBytes:
                    if (!TryScanModes(fields.Bytes, out var told))
                    {
                        return false;
                    }

                    modes = told;
                    break;
                case FlowControlInitField:
                    hasFlowControl = true;
                    break;
            }
        }

        if (fields.IsMalformed || !TryScanPart(kind, part, out var body, out var end))
        {
            return false;
        }

        scanned = new WireMessage
        {
            Kind = kind,
            Body = body,
            EndOfStream = end,
            Observability = observability,
            HasAttributes = hasAttributes,
            HasFlowControlInit = hasFlowControl,
            Modes = modes,
        };
        return true;
    }

    private static bool TryScanModes(in ReadOnlySequence<byte> config, out BodyModes modes)
    {
        var fields = new WireFields(config);
        modes = default;
        while (fields.TryNext())
        {
            var mode = (ProcessingMode.Types.BodySendMode)(int)fields.Varint;
            modes = fields.Number switch
            {
                1 => modes with { Request = mode },
                2 => modes with { Response = mode },
                _ => modes,
            };
        }

        return !fields.IsMalformed;
    }

    private static bool TryScanPart(MessageKind kind, in ReadOnlySequence<byte> part, out ReadOnlySequence<byte> body, out bool end)
    {
        var isBody = kind is MessageKind.RequestBody or MessageKind.ResponseBody;
        var endField = isBody ? 2 : 3;
        body = default;
        end = kind is MessageKind.RequestTrailers or MessageKind.ResponseTrailers;
        if (end || kind == MessageKind.None)
        {
            return true;
        }

        var fields = new WireFields(part);
        while (fields.TryNext())
        {
            if (fields.Number == endField && !fields.IsBytes)
            {
                end = fields.Varint != 0;
            }
            else if (isBody && fields.Number == 1 && fields.IsBytes)
            {
                body = fields.Bytes;
            }
        }

        return !fields.IsMalformed;
    }
}
