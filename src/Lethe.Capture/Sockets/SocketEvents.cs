using Lethe.Capture.Exchanges;

namespace Lethe.Capture.Sockets;

/// <summary>How a server's messages are kept: each as one server-sent event, a line of it as one line of data, as the same API streams them over plain HTTP.</summary>
internal sealed class SocketEvents
{
    private const int EventBytesMax = 4096;

    private byte[]? line;

    public void Append(ExchangeBuilder exchange, ReadOnlySpan<byte> message)
    {
        if (message.Length <= EventBytesMax && message.IndexOfAny((byte)'\r', (byte)'\n') < 0)
        {
            if (line is null)
            {
                line = new byte[EventBytesMax + 8];
                "data: "u8.CopyTo(line);
            }

            message.CopyTo(line.AsSpan(6));
            "\n\n"u8.CopyTo(line.AsSpan(6 + message.Length));
            exchange.AppendResponse(line.AsSpan(0, message.Length + 8));
            return;
        }

        while (!message.IsEmpty)
        {
            var end = message.IndexOfAny((byte)'\r', (byte)'\n');
            exchange.AppendResponse("data: "u8);
            exchange.AppendResponse(end < 0 ? message : message[..end]);
            exchange.AppendResponse("\n"u8);
            var isPair = end >= 0 && message[end..].StartsWith("\r\n"u8);
            message = end < 0 ? default : message[(end + (isPair ? 2 : 1))..];
        }

        exchange.AppendResponse("\n"u8);
    }
}
