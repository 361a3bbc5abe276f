namespace Lethe.Capture.Sockets;

/// <summary>What the answer to a handshake agreed on: permessage-deflate (RFC 7692) and, of either side, whether its window lasts from message to message.</summary>
/// <param name="Known">False when an extension was agreed on that changes the frames in a way nobody here reads.</param>
internal readonly record struct SocketTerms(bool Known, bool Deflates, bool ClientTakesOver, bool ServerTakesOver)
{
    /// <param name="extensions">The <c>Sec-WebSocket-Extensions</c> of the answer; null for none.</param>
    public static SocketTerms Of(string? extensions)
    {
        var terms = new SocketTerms(true, false, true, true);
        foreach (var extension in (extensions ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var words = extension.Split(';', StringSplitOptions.TrimEntries);
            terms = words[0].Equals("permessage-deflate", StringComparison.OrdinalIgnoreCase) && !terms.Deflates
                ? terms with
                {
                    Deflates = true,
                    ClientTakesOver = !words.Contains("client_no_context_takeover", StringComparer.OrdinalIgnoreCase),
                    ServerTakesOver = !words.Contains("server_no_context_takeover", StringComparer.OrdinalIgnoreCase),
                }
                : terms with { Known = false };
        }

        return terms;
    }
}
