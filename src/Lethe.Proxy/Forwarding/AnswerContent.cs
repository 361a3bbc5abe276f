using System.Net;

namespace Lethe.Proxy.Forwarding;

/// <summary>The upstream's answer, to be read through an <see cref="AnswerStream"/>. An upgraded connection, which is written to as well, is given to <paramref name="upgraded"/>.</summary>
/// <param name="ended">Called when the answer has come to its own end.</param>
/// <param name="sendHead">Sends the head to the client; called once, when the body is not there yet.</param>
internal sealed class AnswerContent(HttpContent inner, Func<Task> sendHead, Action? ended, Func<Stream, Stream> upgraded) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync()
    {
        var stream = await inner.ReadAsStreamAsync();
        return stream.CanWrite ? upgraded(stream) : new AnswerStream(stream, sendHead, ended);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => inner.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
