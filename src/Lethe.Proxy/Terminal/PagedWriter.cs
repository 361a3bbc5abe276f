using System.Text;

namespace Lethe.Proxy.Terminal;

/// <summary>What a pager shows: a terminal, as far as a writer can tell.</summary>
internal sealed class PagedWriter(Stream pager) : StreamWriter(pager, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
