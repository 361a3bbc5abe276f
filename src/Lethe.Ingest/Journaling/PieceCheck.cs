using System.Security.Cryptography;

namespace Lethe.Ingest.Journaling;

/// <summary>Whether the bytes that a line wrote are those that it commits to.</summary>
internal static class PieceCheck
{
    private const int ReadBytes = 256 * 1024;

    /// <summary>Computes what the bytes on disk commit to. Throws as <see cref="PieceReader.Fill"/> when they are not there.</summary>
    public static bool IsCommitted(PieceReader pieces, long segment, WrittenRange wrote, out byte[] actual)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var salted = new byte[WrittenRange.SaltBytes + JournalLine.SealBytes];
        pieces.Fill(salted.AsSpan(0, WrittenRange.SaltBytes), new Extent(segment, wrote.Offset, WrittenRange.SaltBytes));
        var buffer = new byte[(int)Math.Min(ReadBytes, wrote.Length)];
        for (long done = 0; done < wrote.Length;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, wrote.Length - done));
            pieces.Fill(piece, new Extent(segment, wrote.Offset + WrittenRange.SaltBytes + done, piece.Length));
            hash.AppendData(piece);
            done += piece.Length;
        }

        hash.GetHashAndReset(salted.AsSpan(WrittenRange.SaltBytes));
        actual = SHA256.HashData(salted);
        return actual.AsSpan().SequenceEqual(wrote.Commit);
    }
}
