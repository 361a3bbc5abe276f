using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Lethe.Proxy.Forwarding;

/// <summary>
/// The chunked coding (RFC 9112 §7.1) written by lethe itself, for an HTTP/1.1 answer that announces trailers: Kestrel's own knows none.
/// </summary>
internal sealed class ChunkedWithTrailers(PipeWriter output) : IHttpResponseTrailersFeature
{
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    /// <summary>True when the upstream announces trailers that the client's protocol can only carry this way.</summary>
    public static bool IsNeeded(HttpContext context, HttpResponseMessage response) =>
        response.Headers.NonValidated.Contains("Trailer")
        && HttpProtocol.IsHttp11(context.Request.Protocol)
        && ResponseStart.HasStreamedBody(context, (int)response.StatusCode);

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.Length > 0)
        {
            output.Write(Encoding.ASCII.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
            output.Write(bytes.Span);
            output.Write("\r\n"u8);
            await output.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Writes the last chunk and the trailers; what is no field (RFC 9110 §5) is left out, for it could end the message and begin another.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var end = new StringBuilder("0\r\n");
        foreach (var (name, values) in Trailers)
        {
            foreach (var value in values)
            {
                if (IsField(name, value))
                {
                    end.Append(name).Append(": ").Append(value).Append("\r\n");
                }
            }
        }

        output.Write(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()));
        await output.FlushAsync(cancellationToken);
    }

    private static bool IsField(string name, string? value) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExcept(TokenCharacters) && !value.AsSpan().ContainsAny('\r', '\n', '\0');
}
