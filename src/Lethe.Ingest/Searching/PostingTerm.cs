using System.Text;

namespace Lethe.Ingest.Searching;

/// <summary>What an index of postings is made of: a letter for the kind, and the word or trigram in UTF-8. They stand in the order of the bytes.</summary>
internal static class PostingTerm
{
    public static byte[] Word(string word) => [(byte)'w', .. Encoding.UTF8.GetBytes(word)];

    public static byte[] Trigram(string trigram) => [(byte)'t', .. Encoding.UTF8.GetBytes(trigram)];
}
